package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Hydra's queue runner in C++. Machines come first: the best-ranked one with a free slot takes the first step in the
/// queue that it can do, then all are ranked anew. A step whose machine broke is tried again after a while, and the
/// machine is left alone for a while.
///
/// Among machines that rank alike the first in the settings goes first, where Hydra leaves it open. Copies to one
/// machine go one after another; it is not modelled that of all machines only four are sent to at once.
/// Source: Hydra at 7d9f5364^, `src/hydra-queue-runner/{dispatcher,builder,build-remote}.cc`, `state.hh`.
public final class HydraContestant implements Contestant {
    private static final int MAX_FAILURES = 4;
    private static final Duration SAME_FAILURE = Duration.ofSeconds(30);

    /// 230 ms for an SSH login, as measured on loopback; each step has one of its own.
    private static final Rules RULES = new Rules(Duration.ofMillis(230), true, false, false);

    private final Plan plan;
    private final RandomGenerator random;
    private final Slots slots;
    private final Steps steps;
    private final Shares shares;
    private final Retries retries = new Retries();
    private final LinkedHashSet<Integer> runnable = new LinkedHashSet<>();
    private final Instant[] startedAt;
    private final Standing[] standings;

    /// How a machine has fared.
    private static final class Standing {
        private int failures;
        private Instant disabledUntil = Instant.MIN;
        private Instant lastFailure = Instant.MIN;
    }

    public HydraContestant(Plan plan, RandomGenerator random) {
        this.plan = plan;
        this.random = random;
        this.slots = new Slots(plan);
        this.steps = new Steps(plan);
        this.shares = new Shares(plan.scenario().clients().size());
        this.startedAt = new Instant[plan.jobs()];
        this.standings = Stream.generate(Standing::new).limit(plan.hosts()).toArray(Standing[]::new);
    }

    @Override
    public Rules rules() {
        return RULES;
    }

    @Override
    public void asked(int job, Instant now) {
        runnable.add(job);
    }

    @Override
    public List<Start> decide(Instant now) {
        var queue = queue(now);
        var starts = new ArrayList<Start>();
        while (startOne(queue, starts, now)) {}
        return starts;
    }

    private List<Integer> queue(Instant now) {
        var used = shares.used(now);
        return new ArrayList<>(runnable.stream()
                .filter(job -> retries.isDue(job, now))
                .sorted(Comparator.comparingInt((Integer job) -> -priority(job))
                        .thenComparingDouble(job -> used[plan.client(job)])
                        .thenComparingInt(job -> -plan.job(job).features().size())
                        .thenComparingInt(job -> -steps.dependants(job))
                        .thenComparingInt(steps::lowestBuild)
                        .thenComparingInt(job -> job))
                .toList());
    }

    private int priority(int job) {
        return plan.scenario().clients().get(plan.client(job)).priority();
    }

    private boolean startOne(List<Integer> queue, List<Start> starts, Instant now) {
        if (queue.isEmpty()) return false;
        for (int host : ranked(now)) {
            for (var steps = queue.iterator(); steps.hasNext(); ) {
                int job = steps.next();
                if (!plan.fitting(job).get(host)) continue;
                steps.remove();
                runnable.remove(job);
                slots.take(host);
                startedAt[job] = now;
                starts.add(new Start(job, host, "first step in the queue for the first machine with a slot"));
                return true;
            }
        }
        return false;
    }

    /// The machines with a free slot, the best first.
    private int[] ranked(Instant now) {
        return IntStream.range(0, plan.hosts())
                .filter(host -> slots.isFree(host) && !now.isBefore(standings[host].disabledUntil))
                .boxed()
                .sorted(Comparator.comparingLong((Integer host) -> roundedLoad(host))
                        .thenComparingDouble(host -> -slots.speed(host))
                        .thenComparingInt(host -> -slots.taken(host)))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /// Half away from zero, as `std::round`.
    private long roundedLoad(int host) {
        return (long) Math.floor(slots.taken(host) / slots.speed(host) + 0.5);
    }

    @Override
    public Optional<Instant> wakeAt(Instant now) {
        var retry = runnable.stream().map(retries::dueAt).filter(now::isBefore);
        var machine = runnable.isEmpty()
                ? Stream.<Instant>empty()
                : Arrays.stream(standings)
                        .map(standing -> standing.disabledUntil)
                        .filter(now::isBefore);
        return Stream.concat(retry, machine).min(Comparator.naturalOrder());
    }

    @Override
    public boolean unreachable(Start start, Instant now) {
        return lost(start, now);
    }

    @Override
    public boolean lost(Start start, Instant now) {
        machineFailed(standings[start.host()], now);
        shares.charge(plan.client(start.job()), startedAt[start.job()], now);
        if (!retries.failed(start.job(), now, Duration.ofSeconds(random.nextInt(10)))) return false;
        runnable.add(start.job());
        return true;
    }

    /// Those of steps that ran at the same time count once.
    private void machineFailed(Standing standing, Instant now) {
        boolean sameAsLast = standing.failures > 0 && now.isBefore(standing.lastFailure.plus(SAME_FAILURE));
        standing.lastFailure = now;
        if (sameAsLast) return;
        standing.failures = Math.min(standing.failures + 1, MAX_FAILURES);
        standing.disabledUntil = now.plus(Retries.pause(standing.failures)).plusSeconds(random.nextInt(30));
    }

    @Override
    public void built(Start start, Instant now) {
        standings[start.host()].failures = 0;
        shares.charge(plan.client(start.job()), startedAt[start.job()], now);
    }

    @Override
    public void released(Start start, Instant now) {
        slots.release(start.host());
    }
}
