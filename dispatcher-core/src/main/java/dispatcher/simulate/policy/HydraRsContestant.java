package dispatcher.simulate.policy;

import dispatcher.simulate.model.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Hydra's queue runner in Rust, with static capacity, machines ordered by speed, and steps by their dependants. Each
/// step in the queue goes to the first machine that can take it. Machines come by themselves, and their order is made
/// anew only then. A step whose machine broke is tried again after a while.
///
/// It looks when something happens, at most every 500 ms, and else every 120 s; that a step may be tried again is
/// nothing that happens. Shares are not charged for what ends while it runs, so all clients have used none.
/// Source: Hydra at 14332fbf, `subprojects/hydra-queue-runner/src/state/{queue,machine,step_info}.rs`, `config.rs`.
public final class HydraRsContestant implements Contestant {
    private static final Duration COALESCED = Duration.ofMillis(500);
    private static final Duration TIMER = Duration.ofMinutes(2);

    /// The machines' own connections are there already, and each fetches what it lacks.
    private static final Rules RULES = new Rules(Duration.ZERO, false, false, false);

    private final Plan plan;
    private final Slots slots;
    private final Steps steps;
    private final Retries retries = new Retries();
    private final LinkedHashSet<Integer> waiting = new LinkedHashSet<>();
    private List<Integer> machines;
    private @Nullable Instant lastLook;
    private boolean triggered;

    public HydraRsContestant(Plan plan) {
        this.plan = plan;
        this.slots = new Slots(plan);
        this.steps = new Steps(plan);
        this.machines = IntStream.range(0, plan.hosts()).boxed().toList();
        sortMachines();
    }

    private void sortMachines() {
        machines = machines.stream()
                .sorted(Comparator.comparingDouble((Integer host) -> -slots.speed(host))
                        .thenComparingInt(slots::taken))
                .toList();
    }

    @Override
    public Rules rules() {
        return RULES;
    }

    @Override
    public void asked(int job, Instant now) {
        waiting.add(job);
        triggered = true;
    }

    @Override
    public List<Start> decide(Instant now) {
        if (nextLook().isEmpty() || now.isBefore(nextLook().get())) return List.of();
        triggered = false;
        lastLook = now;
        var starts = new ArrayList<Start>();
        for (int job : queue(now))
            choose(job).ifPresent(host -> {
                waiting.remove(job);
                slots.take(host);
                starts.add(new Start(job, host, "first machine in the order of speed with a slot"));
            });
        return starts;
    }

    private List<Integer> queue(Instant now) {
        return waiting.stream()
                .filter(job -> retries.isDue(job, now))
                .sorted(Comparator.comparingInt((Integer job) -> -priority(job))
                        .thenComparingInt(job -> -steps.dependants(job))
                        .thenComparingInt(steps::lowestBuild)
                        .thenComparingInt(job -> job))
                .toList();
    }

    private int priority(int job) {
        return plan.scenario().clients().get(plan.client(job)).priority();
    }

    private OptionalInt choose(int job) {
        return machines.stream()
                .mapToInt(Integer::intValue)
                .filter(host -> slots.isFree(host) && plan.fitting(job).get(host))
                .findFirst();
    }

    private Optional<Instant> nextLook() {
        if (waiting.isEmpty()) return Optional.empty();
        if (lastLook == null) return Optional.of(Instant.MIN);
        return Optional.of(lastLook.plus(triggered ? COALESCED : TIMER));
    }

    @Override
    public Optional<Instant> wakeAt(Instant now) {
        return nextLook().map(look -> look.isBefore(now) ? now : look);
    }

    @Override
    public boolean unreachable(Start start, Instant now) {
        return lost(start, now);
    }

    @Override
    public boolean lost(Start start, Instant now) {
        triggered = true;
        if (!retries.failed(start.job(), now, Duration.ZERO)) return false;
        waiting.add(start.job());
        return true;
    }

    @Override
    public void released(Start start, Instant now) {
        slots.release(start.host());
        triggered = true;
    }

    @Override
    public void joined(int host, Instant now) {
        var all = new ArrayList<>(machines);
        all.add(host);
        machines = List.copyOf(all);
        sortMachines();
        triggered = true;
    }

    @Override
    public void left(int host, Instant now) {
        machines = machines.stream().filter(machine -> machine != host).toList();
    }
}
