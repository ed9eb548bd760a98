package dispatcher.testkit;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waiting for what other threads do, with a deadline that only a fault reaches.
public final class Await {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private Await() {}

    /// Returns once `condition` holds.
    ///
    /// @param what for the message if it never does
    public static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) throw new AssertionError("waited in vain until " + what);
            LockSupport.parkNanos(500_000);
        }
    }

    /// Waits for the result of a future.
    ///
    /// @throws AssertionError if it fails; its cause is what went wrong
    public static <T> T result(CompletableFuture<T> future) {
        try {
            return future.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("waited in vain", e);
        }
    }

    /// Waits until a thread has ended.
    public static void end(Thread thread) {
        try {
            if (!thread.join(DEADLINE)) throw new AssertionError(thread + " does not end");
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /// What may throw anything.
    public interface Task<T> {
        T call() throws Exception;
    }

    /// Runs `task` on a thread of its own.
    public static <T> CompletableFuture<T> start(Task<T> task) {
        var future = new CompletableFuture<T>();
        Thread.ofVirtual().start(() -> {
            try {
                future.complete(task.call());
            } catch (Throwable e) {
                future.completeExceptionally(e);
            }
        });
        return future;
    }
}
