package dispatcher.build;

import dispatcher.schedule.BuildQueue.Assignment;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The time between the slot of a build and its attempt, in which the machine starts. Whatever that takes counts to
/// no attempt, and another machine that gets free meanwhile may take the build.
final class Arrival {
    private Arrival() {}

    /// Returns when the machine is up, which starts it, or the build has a slot elsewhere.
    ///
    /// @return the slot elsewhere, to be closed by the caller; `place` has none then
    /// @throws IOException if the machine cannot be started
    static Optional<Assignment> await(LeasedMachine place) throws IOException, InterruptedException {
        var slot = place.slot();
        if (place.link().isUp()) {
            if (!slot.isBeforeStart()) return Optional.empty();
            slot.settle();
            return slot.awaitMove();
        }
        var failure = new AtomicReference<@Nullable IOException>();
        var start = Thread.ofVirtual()
                .name("a build waits for the start of " + place.machine())
                .start(() -> {
                    try {
                        place.link().awaitUp();
                    } catch (IOException e) {
                        failure.set(e);
                    } catch (InterruptedException e) {
                        // The build does not wait any more.
                    } finally {
                        slot.settle();
                    }
                });
        try {
            var elsewhere = slot.awaitMove();
            var failed = failure.get();
            if (elsewhere.isEmpty() && failed != null) throw failed;
            return elsewhere;
        } finally {
            start.interrupt();
        }
    }
}
