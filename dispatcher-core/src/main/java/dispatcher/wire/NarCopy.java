package dispatcher.wire;

import dispatcher.nix.NarHash;
import dispatcher.nix.nar.NarParser;
import dispatcher.nix.nar.NarSyntaxException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/// Copies a NAR off the wire, which carries it without a length: only its own grammar shows where it ends.
public final class NarCopy {
    private NarCopy() {}

    /// Reads exactly one NAR and writes it to `sink` as it comes. A long one is hashed on a second thread.
    ///
    /// What `sink` throws comes through as it is. The reader then stands somewhere inside the NAR, and so it does
    /// after a fault.
    ///
    /// @throws ProtocolException if the bytes are not a NAR
    /// @throws EOFException      if the stream ends inside the NAR
    /// @throws InterruptedIOException if the thread is interrupted; it stays so
    public static NarSummary copy(WireReader reader, OutputStream sink) throws IOException {
        return copy(reader, sink, Long.MAX_VALUE);
    }

    /// The same for a NAR of an announced size: what goes beyond it is neither read nor written. That the NAR is not
    /// smaller is for the caller to check, with the hash.
    ///
    /// @param maxBytes bytes that the NAR may have at most
    /// @throws ProtocolException also if the NAR is larger
    public static NarSummary copy(WireReader reader, OutputStream sink, long maxBytes) throws IOException {
        var sha256 = new StreamSha256();
        long size = copy(reader, maxBytes, (bytes, offset, length) -> {
            sha256.update(bytes, offset, length);
            sink.write(bytes, offset, length);
        });
        return new NarSummary(NarHash.of(sha256.finish()), size);
    }

    /// The same without hashing, which costs more than all the rest: for a receiver that hashes by itself.
    ///
    /// @return how many bytes the NAR has
    public static long pass(WireReader reader, OutputStream sink) throws IOException {
        return copy(reader, Long.MAX_VALUE, sink::write);
    }

    private interface Chunks {
        void take(byte[] bytes, int offset, int length) throws IOException;
    }

    private static long copy(WireReader reader, long maxBytes, Chunks sink) throws IOException {
        var parser = new NarParser();
        try {
            while (!parser.isComplete()) {
                long left = maxBytes - parser.position();
                if (left <= 0)
                    throw new ProtocolException(
                            "the NAR is larger than the %d bytes it should have".formatted(maxBytes));
                int taken = reader.consume((bytes, offset, length) -> {
                    int chunk = parser.accept(bytes, offset, (int) Math.min(length, left));
                    sink.take(bytes, offset, chunk);
                    return chunk;
                });
                if (taken < 0)
                    throw new EOFException(
                            "the stream ended after %d bytes, inside a NAR".formatted(parser.position()));
            }
        } catch (NarSyntaxException e) {
            throw new ProtocolException("what was received is %s".formatted(e.getMessage()), e);
        }
        return parser.position();
    }
}
