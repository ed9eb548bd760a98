package dispatcher.protocol.serve;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// About how much of a log is between the last place that we see and its reader: in buffers of programs and
/// pipes. Taken to be all that was written lately, up to what such buffers hold, less what a reader takes in the
/// time since.
///
/// A reader takes [#USUAL_BYTES] a second, or less if writing has shown that it is slower. Confined to one
/// thread.
final class UnseenLog {
    /// What a Nix that shows its log takes on a slow host. Faster ones only wait for nothing.
    static final long USUAL_BYTES = 256 * 1024;

    /// Slower readers are not waited for.
    static final long LEAST_BYTES = 32 * 1024;

    /// A pipe of Linux, what `ssh` or `dispatcher-stdio` holds, and what `ssh` has taken before it says so.
    static final long MOST_UNSEEN = 256 * 1024;

    /// Less than this is read by the time that a result is.
    private static final long FEW = 4 * 1024;

    /// A write that takes longer waits for the reader.
    private static final long WAITED_NANOS = Duration.ofMillis(10).toNanos();

    private final LongSupplier nanoTime;
    private long bytesPerSecond = USUAL_BYTES;
    private long unseen;
    private long since;

    UnseenLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /// `bytes` were just written, or seen to be taken, which took `nanos`. A thread that waited meanwhile waited for
    /// room, so nothing is less full than before.
    void passed(long bytes, long nanos) {
        boolean waited = nanos >= WAITED_NANOS;
        unseen = Math.min(MOST_UNSEEN, (waited ? unseen : left()) + bytes);
        since = nanoTime.getAsLong();
        if (!waited) return;
        long rate = Math.clamp(perSecond(bytes, nanos), LEAST_BYTES, USUAL_BYTES);
        // One pause of the reader says little of its pace.
        bytesPerSecond = (bytesPerSecond * 3 + rate) / 4;
    }

    private static long perSecond(long bytes, long nanos) {
        return (long) (bytes * (double) TimeUnit.SECONDS.toNanos(1) / nanos);
    }

    private long left() {
        long nanos = nanoTime.getAsLong() - since;
        return Math.max(0, unseen - (long) (bytesPerSecond * (double) nanos / TimeUnit.SECONDS.toNanos(1)));
    }

    /// How long the reader takes for the rest.
    Duration rest() {
        long left = left();
        if (left < FEW) return Duration.ZERO;
        return Duration.ofNanos((long) (left * (double) TimeUnit.SECONDS.toNanos(1) / bytesPerSecond));
    }
}
