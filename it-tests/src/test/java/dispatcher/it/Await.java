package dispatcher.it;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Waiting for what another process does.
public final class Await {

    private static final Duration PAUSE = Duration.ofMillis(10);

    private Await() {}

    /// Something to look at again and again.
    public interface Condition {
        boolean holds() throws Exception;
    }

    /// Returns as soon as the condition holds; it is looked at every 10 ms.
    ///
    /// @param what says, in the error, what was waited for
    /// @throws AssertionError if it does not hold within the limit
    public static void until(Duration limit, Supplier<String> what, Condition condition) throws Exception {
        long begin = System.nanoTime();
        while (!condition.holds()) {
            if (System.nanoTime() - begin > limit.toNanos()) {
                throw new AssertionError("waited %s in vain: %s".formatted(limit, what.get()));
            }
            if (Thread.interrupted()) {
                throw new InterruptedException("while waiting: " + what.get());
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
