package dispatcher.thread;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;

/// Distinguishes an interrupted thread from a connection that broke: a blocking stream reports either as an
/// [IOException], and only the second says anything about the peer.
public final class Interruption {
    private Interruption() {}

    /// Returns if `failure` has nothing to do with an interruption of this thread.
    ///
    /// @throws InterruptedException if it has; the thread's flag is clear then
    public static void rethrow(IOException failure) throws InterruptedException {
        if (!Thread.interrupted() && !isInterruption(failure)) return;
        var interruption = new InterruptedException("interrupted at a stream");
        interruption.initCause(failure);
        throw interruption;
    }

    /// Sees to it that a thread which was interrupted while it wrote hears of that where it waits next: not every
    /// stream leaves its flag set.
    public static void keep(IOException failure) {
        if (isInterruption(failure)) Thread.currentThread().interrupt();
    }

    private static boolean isInterruption(Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause())
            if (cause instanceof ClosedByInterruptException
                    || (cause instanceof InterruptedIOException && !(cause instanceof SocketTimeoutException)))
                return true;
        return false;
    }
}
