package dispatcher.wire;

import dispatcher.nix.HashAlgorithm;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.Optional;

/// The SHA-256 of a stream that is being copied, computed beside the copying once the stream turns out to be long.
///
/// Hashing is slower than all else that is done to a NAR, so doing one after the other would nearly halve the
/// rate of a copy. While one piece is hashed on a thread of its own, the next is gathered. Used by one thread;
/// what it started ends by itself within a millisecond, also if the result is never asked for.
final class StreamSha256 {
    /// Up to here it is not worth a thread.
    private static final long SHORT = 1 << 20;

    private static final int PIECE = 128 * 1024;

    private final MessageDigest digest = HashAlgorithm.SHA256.newDigest();
    private long size;
    private byte[] gathering = {};
    private byte[] beingHashed = {};
    private int gathered;
    private Optional<Thread> hashing = Optional.empty();

    void update(byte[] bytes, int offset, int length) throws InterruptedIOException {
        size += length;
        if (size <= SHORT) {
            digest.update(bytes, offset, length);
            return;
        }
        if (gathering.length == 0) {
            gathering = new byte[PIECE];
            beingHashed = new byte[PIECE];
        }
        int from = offset;
        int left = length;
        while (left > 0) {
            int chunk = Math.min(left, PIECE - gathered);
            System.arraycopy(bytes, from, gathering, gathered, chunk);
            gathered += chunk;
            from += chunk;
            left -= chunk;
            if (gathered == PIECE) handOver();
        }
    }

    /// To be called once, after the last update.
    byte[] finish() throws InterruptedIOException {
        await();
        digest.update(gathering, 0, gathered);
        return digest.digest();
    }

    private void handOver() throws InterruptedIOException {
        await();
        var piece = gathering;
        gathering = beingHashed;
        beingHashed = piece;
        gathered = 0;
        hashing = Optional.of(Thread.ofVirtual().name("nar-hash").start(() -> digest.update(piece, 0, PIECE)));
    }

    private void await() throws InterruptedIOException {
        if (hashing.isEmpty()) return;
        try {
            // Joining a thread that has already ended would not notice an interruption.
            if (Thread.interrupted()) throw new InterruptedException();
            hashing.get().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while hashing what is copied");
        }
        hashing = Optional.empty();
    }
}
