package dispatcher.build;

import dispatcher.build.SpeculativeAttempt.End;
import dispatcher.build.failure.AttemptLostException;
import dispatcher.build.log.BufferedLog;
import dispatcher.machine.link.MachineLink;
import dispatcher.protocol.Failures;
import dispatcher.schedule.policy.Amounts;
import dispatcher.store.BuildLog;
import dispatcher.store.SourceFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// One build on one machine and, if it becomes a straggler, on a second one as well. The first result
/// is the build's, good or bad or cut off by its limits, and the other attempt is stopped; an attempt
/// that is lost leaves the other to go on. There is no third.
///
/// The log is that of the first attempt. That of the second is held back until it is the only one, or
/// the one whose result counts: then it is written from its beginning, and nothing of the first comes
/// any more.
///
/// Belongs to the build's thread, which waits while each attempt has a thread of its own. None of those
/// outlives [#run], however that ends. To be closed when what came out has been taken.
final class SpeculativeBuild implements AutoCloseable {
    private static final double NANOS = 1e9;

    private final BuildJob job;
    private final BuildInputs inputs;
    private final LeasedMachine first;
    private final BuildLog log;
    private final Stragglers stragglers;
    private final Course course;
    private final Duration expected;
    private final long begunAt;
    private final BlockingQueue<SpeculativeAttempt> ended = new LinkedBlockingQueue<>();
    private final List<SpeculativeAttempt> entrants = new ArrayList<>();
    private int underWay;

    /// What a race has to do with the rest of the build's life; called on the build's thread.
    interface Course {
        /// Where a second attempt may begin now; closed by the race.
        Optional<LeasedMachine> second();

        /// An attempt was lost.
        void lost(MachineLink link, AttemptLostException loss);
    }

    /// @param first closed with this
    /// @param log   of the build, wherever it is
    SpeculativeBuild(
            BuildJob job, BuildInputs inputs, LeasedMachine first, BuildLog log, Stragglers stragglers, Course course) {
        this.job = job;
        this.inputs = inputs;
        this.first = first;
        this.log = log;
        this.stragglers = stragglers;
        this.course = course;
        this.begunAt = job.environment().nanoTime().getAsLong();
        var placement = first.slot().placement();
        this.expected = Duration.ofNanos((long) ((placement.copy() + placement.build()) * NANOS));
    }

    /// Returns what the build came to; empty if all attempts were lost.
    ///
    /// @throws SourceFailedException if inputs could not be read, and nothing else is under way
    Optional<AttemptResult> run() throws SourceFailedException, InterruptedException {
        var winner = Optional.<SpeculativeAttempt>empty();
        try {
            begin(first, Optional.empty(), () -> new Attempt(job, inputs, first.link(), log).run());
            winner = awaitResult();
        } finally {
            stopAllBut(winner);
        }
        if (winner.isEmpty() || !(winner.get().end() instanceof End.Built(var there))) return Optional.empty();
        winner.get()
                .show(
                        log,
                        "dispatcher: %s came to its end on %s first; what follows is its log from there"
                                .formatted(job.drvPath(), winner.get().place().machine()));
        return Optional.of(there);
    }

    private void begin(LeasedMachine place, Optional<BufferedLog> held, Callable<AttemptResult> attempt) {
        var entrant = new SpeculativeAttempt(job, place, held, attempt, ended::add);
        entrants.add(entrant);
        underWay++;
        entrant.begin();
    }

    private Optional<SpeculativeAttempt> awaitResult() throws SourceFailedException, InterruptedException {
        while (underWay > 0) {
            var entrant = ended.poll(stragglers.look().toNanos(), TimeUnit.NANOSECONDS);
            if (entrant == null) {
                beginAgainIfFarOver();
                continue;
            }
            underWay--;
            switch (entrant.end()) {
                case End.Built _ -> {
                    return Optional.of(entrant);
                }
                case End.Lost(var loss) -> course.lost(entrant.place().link(), loss);
                case End.WithoutInputs(var failure) -> {
                    if (underWay == 0) throw failure;
                    tellThatItIsLost(entrant.place().machine(), Failures.describe(failure));
                }
                case End.Stopped(var interruption) -> throw interruption;
                case End.Broken(var bug) ->
                    throw new IllegalStateException("an attempt ended in an unforeseen way", bug);
            }
            leaveTo(entrant);
        }
        return Optional.empty();
    }

    private void tellThatItIsLost(String machine, String reason) {
        job.environment().listener().buildLost(job.number(), job.drvPath(), machine, reason);
    }

    /// One is lost: its slot is for others, and if another attempt goes on, that is what is read of.
    private void leaveTo(SpeculativeAttempt lost) {
        lost.place().close();
        if (underWay == 0) return;
        for (var other : entrants)
            if (other != lost)
                other.show(
                        log,
                        "dispatcher: %s goes on on %s; what follows is its log from there"
                                .formatted(job.drvPath(), other.place().machine()));
    }

    private void beginAgainIfFarOver() {
        var taken = Duration.ofNanos(job.environment().nanoTime().getAsLong() - begunAt);
        if (entrants.size() > 1 || !stragglers.isFarOver(expected, taken)) return;
        var found = course.second();
        if (found.isEmpty()) return;
        var second = found.get();
        var reason = "it has taken %s on %s, where %s were expected"
                .formatted(seconds(taken), first.machine(), seconds(expected));
        job.environment()
                .listener()
                .buildDoubled(job.number(), job.drvPath(), second.machine(), first.machine(), reason);
        log.note("dispatcher: %s is begun a second time, on %s: %s; whichever ends first counts"
                .formatted(job.drvPath(), second.machine(), reason));
        log.flush();
        var held = new BufferedLog();
        begin(second, Optional.of(held), () -> {
            // The first goes on using the inputs themselves.
            try (var fork = inputs.fork()) {
                return new Attempt(job, fork, second.link(), held).run();
            }
        });
    }

    private static String seconds(Duration duration) {
        return Amounts.seconds(duration.toNanos() / NANOS);
    }

    /// Returns when no thread is left. Keeps an interruption.
    private void stopAllBut(Optional<SpeculativeAttempt> winner) {
        boolean interrupted = Thread.interrupted();
        for (var entrant : entrants) entrant.stop();
        for (var entrant : entrants) interrupted |= entrant.awaitEnd();
        for (var entrant : entrants) if (winner.isEmpty() || entrant != winner.get()) entrant.dropResult();
        inputs.dropBrokenOff();
        if (interrupted) Thread.currentThread().interrupt();
    }

    /// A second time does nothing.
    @Override
    public void close() {
        for (var entrant : entrants) entrant.close();
    }
}
