package dispatcher.build;

import dispatcher.build.failure.AttemptLostException;
import dispatcher.build.log.BufferedLog;
import dispatcher.store.BuildLog;
import dispatcher.store.SourceFailedException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One of the attempts of a [SpeculativeBuild], on a thread of its own. All but its log belongs to the race's
/// thread.
final class SpeculativeAttempt implements AutoCloseable {
    private final LeasedMachine place;
    private final Optional<BufferedLog> held;
    private final Thread thread;
    private boolean shown;

    /// Written by its thread before it says that it has ended.
    private volatile @Nullable End end;

    /// How an attempt ended.
    sealed interface End {
        record Built(AttemptResult there) implements End {}

        record Lost(AttemptLostException loss) implements End {}

        record WithoutInputs(SourceFailedException failure) implements End {}

        record Stopped(InterruptedException interruption) implements End {}

        record Broken(Throwable bug) implements End {}
    }

    /// @param held  its log, if it has no reader yet
    /// @param ended called on its thread, as its last action
    SpeculativeAttempt(
            BuildJob job,
            LeasedMachine place,
            Optional<BufferedLog> held,
            Callable<AttemptResult> attempt,
            Consumer<SpeculativeAttempt> ended) {
        this.place = place;
        this.held = held;
        this.thread = Thread.ofVirtual()
                .name("attempt at %s on %s".formatted(job.drvPath().derivationName(), place.machine()))
                .unstarted(() -> {
                    end = endOf(attempt);
                    ended.accept(this);
                });
    }

    private static End endOf(Callable<AttemptResult> attempt) {
        try {
            return new End.Built(attempt.call());
        } catch (AttemptLostException e) {
            return new End.Lost(e);
        } catch (SourceFailedException e) {
            return new End.WithoutInputs(e);
        } catch (InterruptedException e) {
            return new End.Stopped(e);
        } catch (Throwable e) {
            return new End.Broken(e);
        }
    }

    void begin() {
        thread.start();
    }

    /// Once it has ended.
    End end() {
        var how = end;
        if (how == null) throw new IllegalStateException("the attempt on %s goes on".formatted(place.machine()));
        return how;
    }

    LeasedMachine place() {
        return place;
    }

    /// Its log is the one that is read from now on, unless it has been all the time.
    ///
    /// @param why for the readers of the log
    void show(BuildLog log, String why) {
        if (held.isEmpty() || shown) return;
        shown = true;
        log.note(why);
        log.assigned(place.machine(), place.slot().reason());
        held.get().release(log);
    }

    /// Stops it if it goes on, without waiting for that.
    void stop() {
        thread.interrupt();
    }

    /// Waits for the end of its thread in any case.
    ///
    /// @return whether the caller was interrupted meanwhile, which has stopped it
    boolean awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
                stop();
            }
        }
    }

    /// Gives back its slot, and its log if that has no reader. A second call does nothing.
    @Override
    public void close() {
        place.close();
        held.ifPresent(BufferedLog::close);
    }

    /// Nobody wants what came out, if anything did.
    void dropResult() {
        if (end instanceof End.Built(var there)) there.drop();
    }
}
