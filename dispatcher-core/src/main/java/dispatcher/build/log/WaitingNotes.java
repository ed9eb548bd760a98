package dispatcher.build.log;

import dispatcher.schedule.BuildQueue.Outcome;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.QueuePosition;
import dispatcher.schedule.policy.Amounts;
import dispatcher.store.BuildLog;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/// Informs a client that waits for a machine, now and then, of its place in the queue.
public final class WaitingNotes {
    /// A client that gets a machine sooner than this hears nothing of waiting.
    private static final Duration FIRST = Duration.ofSeconds(1);

    private static final Duration LONGEST = Duration.ofMinutes(1);

    private WaitingNotes() {}

    /// Waits for the end of `ticket`, with a note after 1 s, and then, ever more rarely, whenever something has
    /// changed.
    ///
    /// @param obstacle why the one machine that it may go to does not take it now, in words; asked for each note
    public static Outcome await(Ticket ticket, BuildLog log, Supplier<Optional<String>> obstacle)
            throws InterruptedException {
        var pause = FIRST;
        var last = "";
        while (true) {
            var outcome = ticket.await(pause);
            if (outcome.isPresent()) return outcome.get();
            var note = ticket.standing()
                    .map(standing -> note(standing, obstacle.get()))
                    .orElse(last);
            if (!note.equals(last)) {
                log.note(note);
                log.flush();
                last = note;
            }
            pause = min(pause.multipliedBy(2), LONGEST);
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static String note(QueuePosition standing, Optional<String> obstacle) {
        var request = standing.build().request();
        var kind = request.platform()
                + Optional.of(String.join(", ", request.requiredFeatures()))
                        .filter(features -> !features.isEmpty())
                        .map(" with "::concat)
                        .orElse("");
        return "dispatcher: %s waits for %s (%s): number %d of %d, %s"
                .formatted(
                        request.drvPath().derivationName(),
                        request.machine().map("machine "::concat).orElse("a machine"),
                        kind,
                        standing.place(),
                        standing.of(),
                        obstacle.orElseGet(() -> expectation(standing)));
    }

    private static String expectation(QueuePosition standing) {
        var until = standing.untilExpected();
        if (until.compareTo(QueuePosition.UNKNOWN) >= 0) return "none of them takes builds now";
        if (!standing.isMeasured()) return "no history yet to estimate when it begins";
        return "expected to begin in %s".formatted(Amounts.seconds(until.toMillis() / 1000.0));
    }
}
