package dispatcher.schedule;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One going through those who wait, in their order, to see who begins now: each is given in mind the machine that
/// should finish it first. If that machine is busy the build waits for it, and those behind reckon with that.
///
/// Looks at no more builds that wait for a better machine than `lookAhead`; from then on a free slot is
/// taken by the next build that fits.
/// Cost: one look at each tier for each build looked at. Used once, by whoever owns the scheduler.
final class Plan {
    private static final Comparator<ClientShare> SHARES = Comparator.<ClientShare>comparingInt(
                    share -> -share.client.priority())
            .thenComparingDouble(share -> share.planUsed)
            .thenComparing(share -> share.turns.element(), ClientLine.TURNS);

    /// Waiting must be worth so much of the time that the build would take now.
    private static final double WORTH_WAITING = 0.05;

    /// Where inputs are is looked up anew after so long, while a build waits, and for so many builds in one plan.
    private static final long INPUTS_AGE = 1_000_000_000L;

    private static final int INPUTS_LOOKED_UP = 4;

    /// Looks at kinds of machines that may be better later. With very many kinds it is not looked so far ahead.
    private static final int MOST_LOOKS = 1500;

    private final long number;
    private final long now;
    private final Fleet fleet;
    private final SchedulerOptions options;
    private final long patience;
    private final double setUp;
    private final double totalDrain;
    private final PriorityQueue<ClientLine> overdue = new PriorityQueue<>(ClientLine.OVERDUE_TURNS);
    private final Set<ClientShare> clients = new LinkedHashSet<>();
    private int held;
    private int looks;
    private int inputsLookedUp;
    private long wake = Long.MAX_VALUE;

    /// The best way for a build to begin, on a machine now or, without one, on some machine of a tier later.
    private record Choice(@Nullable MachineSlots now, Tier tier, Placement placement) {}

    /// @param totalDrain seconds in which the whole fleet would do all that waits
    Plan(long number, long now, Fleet fleet, SchedulerOptions options, double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.options = options;
        this.patience = options.patience().toNanos();
        this.setUp = Times.seconds(options.setUp());
        this.totalDrain = totalDrain;
    }

    /// Those take part who may go where a slot is free.
    private void gather() {
        for (var tier : fleet.open())
            for (var need : tier.lines()) {
                if (need.plan == number) continue;
                need.plan = number;
                need.reckon(fleet.version());
                for (var line : need.lines()) {
                    line.beginPlan(number);
                    enqueue(line);
                }
            }
    }

    /// Lets it have a turn, if one of it is left that has had none.
    private void enqueue(ClientLine line) {
        if (!line.look(now, patience, totalDrain, mayLookFurther())) return;
        if (line.headIsOverdue()) {
            overdue.add(line);
        } else {
            line.client.turns.add(line);
            clients.add(line.client);
        }
    }

    /// When the plan should be made anew if nothing happens; `Long.MAX_VALUE` if nobody waits for a better machine.
    long wake() {
        return wake;
    }

    /// What begins a build on a machine, which counts from then on.
    interface Starter {
        void start(WaitingBuild build, MachineSlots slots, Placement placement);
    }

    void carryOut(Starter starter) {
        gather();
        while (isOpen() && !overdue.isEmpty()) {
            var line = overdue.remove();
            if (line.client.mayRunMore()) take(line, starter);
        }
        // Only now, as those who have had a turn before have had more of their share.
        var next = new PriorityQueue<>(SHARES);
        next.addAll(clients);
        while (isOpen() && !next.isEmpty()) {
            var client = next.remove();
            if (!client.mayRunMore()) continue;
            var line = client.turns.remove();
            take(line, starter);
            if (!client.turns.isEmpty()) next.add(client);
        }
    }

    private boolean isOpen() {
        return !fleet.open().isEmpty();
    }

    /// The turn of one build. If no machine takes it, its line has none any more.
    private void take(ClientLine line, Starter starter) {
        // Those behind a look that is far enough ahead: long builds are left for better machines from then on.
        if (!mayLookFurther()) line.look(now, patience, totalDrain, false);
        var build = line.head();
        lookUpInputs(build);
        var choice = choose(build, line.need, mayHold(build) && !line.headIsOverdue());
        if (choice == null) {
            if (line.headIsOverdue()) keepAMachineFor(build, line.need);
            return;
        }
        build.plan = number;
        line.client.planUsed += choice.placement.copy() + choice.placement.build();
        var slots = choice.now;
        if (slots == null) {
            hold(choice);
        } else {
            line.client.planRunning++;
            starter.start(build, slots, choice.placement);
        }
        enqueue(line);
    }

    private boolean mayLookFurther() {
        return held < options.lookAhead() && looks < MOST_LOOKS;
    }

    /// While it waited, others may have brought them somewhere.
    private void lookUpInputs(WaitingBuild build) {
        if (inputsLookedUp < INPUTS_LOOKED_UP && build.lookUpInputs(now - INPUTS_AGE, now)) inputsLookedUp++;
    }

    /// Only a build that is known to take long enough is worth the wait; one that has been lost before has waited
    /// enough.
    private boolean mayHold(WaitingBuild build) {
        return options.hold()
                && mayLookFurther()
                && build.need.excluded().isEmpty()
                && build.request().work().known();
    }

    /// The machine that a build would get if nobody else waited; empty if it would wait.
    Optional<String> chosenFor(WaitingBuild build, NeedLine need) {
        var choice = choose(build, need, mayHold(build));
        var slots = choice == null ? null : choice.now;
        return slots == null ? Optional.empty() : Optional.of(slots.machine.name());
    }

    /// Null if no machine takes it now.
    private @Nullable Choice choose(WaitingBuild build, NeedLine need, boolean mayHold) {
        var picks = new ArrayList<MachineSlots>();
        for (var tier : fleet.openTo(need)) {
            var slots = tier.pick(build);
            if (slots != null) picks.add(slots);
        }
        if (picks.isEmpty()) return null;
        int fewest = Integer.MAX_VALUE;
        for (var slots : picks) fewest = Math.min(fewest, extras(slots, need));
        Choice best = null;
        for (var slots : picks) best = better(best, now(build, slots, need, fewest));
        best = better(best, closest(build, need, fewest));
        if (best == null || !mayHold) return best;
        var later = later(build, need);
        if (later == null) return best;
        double worth = WORTH_WAITING * (best.placement.copy() + best.placement.build());
        return later.placement.score() + worth < best.placement.score() ? later : best;
    }

    private Choice now(WaitingBuild build, MachineSlots slots, NeedLine need, int fewestExtras) {
        return new Choice(slots, slots.tier(), place(build, slots, now, extras(slots, need) > fewestExtras));
    }

    private static int extras(MachineSlots slots, NeedLine need) {
        return slots.tier().extras(need);
    }

    private static @Nullable Choice better(@Nullable Choice one, @Nullable Choice other) {
        if (one == null) return other;
        if (other == null) return one;
        int byScore = Double.compare(one.placement.score(), other.placement.score());
        if (byScore != 0) return byScore < 0 ? one : other;
        return index(one) <= index(other) ? one : other;
    }

    private static int index(Choice choice) {
        return choice.now == null ? Integer.MAX_VALUE : choice.now.index;
    }

    /// The best of the machines with a free slot that hold much of what the build needs.
    private @Nullable Choice closest(WaitingBuild build, NeedLine need, int fewest) {
        Choice best = null;
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() == 0 || !slots.takes(build)) continue;
            if (slots.tier().isFor(need)) best = better(best, now(build, slots, need, fewest));
        }
        return best;
    }

    /// The best of those that have no free slot now; null if there is none.
    private @Nullable Choice later(WaitingBuild build, NeedLine need) {
        looks += need.tiers.size();
        Tier soonest = null;
        double leastFinish = Double.POSITIVE_INFINITY;
        for (var tier : need.tiers) {
            if (tier.hasFree()) continue;
            double finish = finishInTier(build, tier);
            if (finish >= leastFinish) continue;
            leastFinish = finish;
            soonest = tier;
        }
        Choice best = soonest == null ? null : new Choice(null, soonest, placeInTier(build, soonest));
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() > 0 || slots.capacity() == 0 || !slots.takes(build)) continue;
            if (slots.tier().isFor(need))
                best = better(best, new Choice(null, slots.tier(), place(build, slots, slots.firstFree(now), false)));
        }
        return best;
    }

    /// Of [#placeInTier], the time until the end.
    private double finishInTier(WaitingBuild build, Tier tier) {
        double copy = setUp + build.inputs().bytes() / tier.bandwidth;
        return seconds(tier.nextFree(number, now)) + copy + build.expectedSeconds / tier.speed;
    }

    private Placement placeInTier(WaitingBuild build, Tier tier) {
        long bytes = build.inputs().bytes();
        double copy = setUp + bytes / tier.bandwidth;
        double took = build.expectedSeconds / tier.speed;
        double untilStart = seconds(tier.nextFree(number, now));
        return new Placement("", untilStart, bytes, copy, took, false, 0, 0, tier.speed);
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        long bytes = build.inputs().missingOn(slots.machine.name());
        return new Placement(
                slots.machine.name(),
                seconds(start),
                bytes,
                setUp + bytes / slots.facts.bandwidth(),
                build.expectedSeconds / slots.facts.speed(),
                spared,
                slots.running.size(),
                slots.machine.maxJobs(),
                slots.facts.speed());
    }

    private double seconds(long start) {
        return start == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : Math.max(0, (start - now) / Times.SECOND);
    }

    /// Those behind are to reckon with it.
    private void hold(Choice later) {
        held++;
        wake = Math.min(wake, Times.after(now, Math.max(1, later.placement.untilStart())));
        later.tier.reserve(number, now, Times.after(now, later.placement.finish()));
    }

    /// A build that takes resources might else wait for ever for enough of them to be free at once.
    private void keepAMachineFor(WaitingBuild build, NeedLine need) {
        if (build.need.resources().isEmpty() || build.keeps != null) return;
        MachineSlots best = null;
        for (var tier : need.tiers)
            for (var slots : tier.machines()) {
                if (slots.keptFor != null || slots.capacity() == 0) continue;
                if (build.need.excluded().contains(slots.machine.name())) continue;
                if (best == null || slots.firstFree(now) < best.firstFree(now)) best = slots;
            }
        if (best == null) return;
        best.keptFor = build;
        build.keeps = best;
    }
}
