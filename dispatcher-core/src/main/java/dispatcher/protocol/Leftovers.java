package dispatcher.protocol;

import dispatcher.thread.Interruption;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// The rest of a request that was refused before its end. Its client reads why only once it has sent all of it;
/// if the connection were closed before, it would learn nothing but that.
public final class Leftovers {
    /// As much as any request may have by the settings.
    private static final long MOST_BYTES = 1L << 30;

    private static final int PIECE = 64 * 1024;

    private Leftovers() {}

    /// Reads on and drops what comes, until the client goes, has sent nothing for as long as `quiet`, or has sent
    /// more than any request may have. The caller closes `in` afterwards, which ends the thread that may still wait
    /// there.
    public static void drain(WireReader in, Duration quiet) throws InterruptedException {
        var left = new AtomicLong(MOST_BYTES);
        var reading = Thread.ofVirtual().name("rest of a refused request").start(() -> read(in, left));
        long before;
        do before = left.get();
        while (!reading.join(quiet) && left.get() != before);
    }

    private static void read(WireReader in, AtomicLong left) {
        var piece = new byte[PIECE];
        try {
            while (left.get() > 0) {
                int n = in.readSome(piece, 0, piece.length);
                if (n < 0) return;
                left.addAndGet(-n);
            }
        } catch (IOException e) {
            // The client has gone.
            Interruption.keep(e);
        }
    }
}
