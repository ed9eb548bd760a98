package dispatcher.bench;

import dispatcher.schedule.Decision;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.Scheduler;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/// A scheduler in the midst of its work: every slot that can be is taken, and a given number of builds wait. Time is
/// virtual and goes from end to end of builds. Confined to one thread.
final class Site {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration OLDEST = Duration.ofMinutes(20);

    private record Running(RunningBuild build, Instant end) {}

    private final Random random;
    private final Population population;
    private final int waiting;
    private final Scheduler scheduler;
    private final PriorityQueue<Running> running = new PriorityQueue<>(Comparator.comparing(Running::end));
    private Instant now = BEGIN;

    Site(int machines, int waiting, long seed) {
        this.random = new Random(seed);
        this.population = new Population(machines, random);
        this.waiting = waiting;
        this.scheduler = new Scheduler(population.machines(), SchedulerOptions.DEFAULT);
        // Slots are taken first, else all the rest would be looked at for each of them.
        for (int before = -1; before != running.size(); ) {
            before = running.size();
            for (int i = 0; i < 10 * machines; i++) enqueue();
            take(decide());
        }
        refill();
    }

    /// Kinds of machines, as far as their configured values tell them apart.
    int kinds() {
        return (int) scheduler.machines().stream()
                .map(view -> List.of(
                        view.machine().systems(),
                        view.machine().supportedFeatures(),
                        view.machine().resources(),
                        view.machine().speedFactor()))
                .distinct()
                .count();
    }

    /// Takes builds into the queue until as many wait as should, of mixed ages.
    private void refill() {
        while (scheduler.waitingBuilds() < waiting) enqueue();
        take(decide());
    }

    private void enqueue() {
        long age = random.nextLong(OLDEST.toMillis());
        scheduler.submit(population.build(), Set.of(), now.minusMillis(age), true);
    }

    /// Finds the inputs of builds, whenever it is asked for them, where they were.
    private List<Decision> decide() {
        var decisions = scheduler.decide(now);
        for (var build = scheduler.unlocated(); build.isPresent(); build = scheduler.unlocated()) {
            scheduler.located(build.get(), build.get().request().inputs(), now);
            decisions.addAll(scheduler.decide(now));
        }
        return decisions;
    }

    private void take(List<Decision> decisions) {
        for (var decision : decisions)
            if (decision instanceof Decision.Assigned(var build, var placement))
                running.add(new Running(build, end(placement.copy() + placement.build())));
    }

    /// Builds take between half and twice of what was expected.
    private Instant end(double seconds) {
        return now.plusNanos((long) (seconds * 1e9 * (0.5 + 1.5 * random.nextDouble())));
    }

    // ---- events, each in three parts: what comes before, what is measured, what comes after

    /// The build that ends next; time has come there.
    RunningBuild nextEnd() {
        var next = running.remove();
        now = next.end;
        return next.build;
    }

    List<Decision> finish(RunningBuild build) {
        scheduler.finished(build, now);
        return decide();
    }

    /// Each build that began is replaced, so that as many wait as before.
    void afterFinish(List<Decision> decisions) {
        take(decisions);
        refill();
    }

    BuildRequest nextBuild() {
        return population.build();
    }

    record Submitted(WaitingBuild build, List<Decision> decisions) {}

    Submitted submit(BuildRequest request) {
        var build = scheduler.submit(request, Set.of(), now, true);
        return new Submitted(build, decide());
    }

    void afterSubmit(Submitted submitted) {
        take(submitted.decisions);
        scheduler.cancel(submitted.build);
    }
}
