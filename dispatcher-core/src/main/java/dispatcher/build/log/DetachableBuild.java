package dispatcher.build.log;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A build on a thread of its own, so that it can outlive the client who began it: if that leaves while others
/// want the build, or is one whose builds are to be finished, it goes on until its end or until nobody wants it
/// any more.
public final class DetachableBuild {
    /// How often to test whether a build whose client has left is still wanted.
    private static final Duration LOOK = Duration.ofMillis(250);

    private DetachableBuild() {}

    /// Runs `build`, and returns what it came to. Writes its log meanwhile.
    ///
    /// @param log    of the client, whose thread calls this
    /// @param wanted whether the build is to go on without its client; asked again and again once that has left
    /// @param left   called once if the client leaves and the build goes on
    /// @param dropped gets what the build came to if the client has left by then
    /// @throws InterruptedException if the client has left, for any end of the build
    public static <T> T run(
            String what, ClientLog log, Callable<T> build, BooleanSupplier wanted, Runnable left, Consumer<T> dropped)
            throws InterruptedException {
        var outcome = new CompletableFuture<T>();
        var thread = Thread.ofVirtual().name("build of " + what).start(() -> {
            try {
                outcome.complete(build.call());
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            } finally {
                log.wake();
            }
        });
        try {
            while (!outcome.isDone()) log.writeNext();
        } catch (InterruptedException e) {
            finishWithout(thread, wanted, left);
            if (outcome.state() == Future.State.SUCCESS) dropped.accept(outcome.join());
            throw e;
        }
        return result(outcome);
    }

    /// The client's thread stays, as the build uses what is the client's.
    private static void finishWithout(Thread thread, BooleanSupplier wanted, Runnable left) {
        if (wanted.getAsBoolean()) left.run();
        boolean stopped = false;
        while (true) {
            if (!stopped && !wanted.getAsBoolean()) {
                thread.interrupt();
                stopped = true;
            }
            try {
                if (thread.join(LOOK)) return;
            } catch (InterruptedException e) {
                // A second interruption, as at the end of the whole service, stops it.
                thread.interrupt();
                stopped = true;
            }
        }
    }

    private static <T> T result(CompletableFuture<T> outcome) throws InterruptedException {
        try {
            return outcome.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case InterruptedException interrupted -> throw interrupted;
                case RuntimeException bug -> throw bug;
                case Error bug -> throw bug;
                case null, default -> throw new IllegalStateException("a build ended in an unforeseen way", e);
            }
        }
    }
}
