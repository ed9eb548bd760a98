package dispatcher.schedule;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One going through those who wait, in their order, to see who begins now: each is given in mind the machine that
/// should finish it first. If that machine is busy the build waits for it, and those behind reckon with that.
///
/// Looks at no more builds that wait for a better machine than `lookAhead`; from then on a free slot is
/// taken by the next build that fits.
/// Cost: one look at each tier for each build looked at. Used once, by whoever owns the scheduler.
final class Plan {
    /// Waiting must be worth so much of the time that the build would take now.
    private static final double WORTH_WAITING = 0.05;

    private final long number;
    private final long now;
    private final Fleet fleet;
    private final SchedulerOptions options;
    private final double patience;
    private final double totalDrain;
    private final List<ClientLine> lines = new ArrayList<>();
    private int held;
    private long wake = Long.MAX_VALUE;

    /// The best way for a build to begin, on a machine now or, without one, on some machine of a tier later.
    private record Choice(@Nullable MachineSlots now, Tier tier, Placement placement) {
        static Choice now(MachineSlots slots, Tier tier, Placement placement) {
            return new Choice(slots, tier, placement);
        }
    }

    /// @param totalDrain seconds in which the whole fleet would do all that waits
    Plan(long number, long now, Fleet fleet, SchedulerOptions options, double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.options = options;
        this.patience = options.patience().toNanos();
        this.totalDrain = totalDrain;
    }

    /// Takes part in it if one of its machines has a free slot.
    void consider(NeedLine need) {
        if (!need.hasFree()) return;
        for (var tier : need.tiers) tier.beginPlan(number);
        for (var line : need.lines()) {
            line.beginPlan(number);
            lines.add(line);
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
        for (var line = next(); line != null; line = next()) {
            var build = line.head;
            if (build == null) throw new IllegalStateException("a turn of nobody");
            boolean mayHold = mayHold(build) && !line.headIsOverdue;
            var choice = choose(build, line.need, mayHold);
            if (choice == null) {
                line.blocked = true;
                if (line.headIsOverdue) keepAMachineFor(build, line.need);
                continue;
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
        }
    }

    /// Only a build that is known to take long enough is worth the wait.
    private boolean mayHold(WaitingBuild build) {
        return options.hold()
                && held < options.lookAhead()
                && build.request().work().known();
    }

    /// The line whose head comes before all others; null if no more can begin.
    private @Nullable ClientLine next() {
        ClientLine best = null;
        for (var line : lines) {
            if (line.blocked || !line.client.mayRunMore() || !line.need.hasFree()) continue;
            double capacity = line.need.capacity();
            double drain = Math.max(totalDrain, capacity > 0 ? line.need.work() / capacity : 0);
            if (!line.look(now, (long) patience, drain, line.need.meanSpeed())) continue;
            if (best == null || comesBefore(line, best)) best = line;
        }
        return best;
    }

    private static boolean comesBefore(ClientLine one, ClientLine other) {
        var a = one.head;
        var b = other.head;
        if (a == null || b == null) return a != null;
        if (one.headIsOverdue != other.headIsOverdue) return one.headIsOverdue;
        if (one.headIsOverdue) return a.since != b.since ? a.since < b.since : a.number < b.number;
        int byPriority = Integer.compare(one.client.client.priority(), other.client.client.priority());
        if (byPriority != 0) return byPriority > 0;
        if (one.client != other.client && one.client.planUsed != other.client.planUsed)
            return one.client.planUsed < other.client.planUsed;
        if (one.headSeconds != other.headSeconds) return one.headSeconds > other.headSeconds;
        return a.since != b.since ? a.since < b.since : a.number < b.number;
    }

    /// Null if no machine takes it now.
    private @Nullable Choice choose(WaitingBuild build, NeedLine need, boolean mayHold) {
        var picks = new @Nullable MachineSlots[need.tiers.size()];
        int fewest = Integer.MAX_VALUE;
        for (int i = 0; i < picks.length; i++) {
            var tier = need.tiers.get(i);
            if (!tier.hasFree()) continue;
            var pick = tier.pick(build);
            picks[i] = pick;
            if (pick != null) fewest = Math.min(fewest, need.extras[i]);
        }
        if (fewest == Integer.MAX_VALUE) return null;
        Choice best = null;
        for (int i = 0; i < picks.length; i++) {
            var slots = picks[i];
            if (slots != null) best = better(best, now(build, slots, need, i, fewest));
        }
        best = better(best, closest(build, need, fewest));
        if (best == null || !mayHold) return best;
        var later = later(build, need, picks);
        if (later == null) return best;
        double worth = WORTH_WAITING * (best.placement.copy() + best.placement.build());
        return later.placement.score() + worth < best.placement.score() ? later : best;
    }

    private Choice now(WaitingBuild build, MachineSlots slots, NeedLine need, int tier, int fewestExtras) {
        return Choice.now(slots, need.tiers.get(tier), place(build, slots, now, need.extras[tier] > fewestExtras));
    }

    private static @Nullable Choice better(@Nullable Choice one, @Nullable Choice other) {
        if (one == null) return other;
        if (other == null) return one;
        return other.placement.score() < one.placement.score() ? other : one;
    }

    /// The best of the machines with a free slot that hold much of what the build needs.
    private @Nullable Choice closest(WaitingBuild build, NeedLine need, int fewest) {
        Choice best = null;
        for (var name : build.request().inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() == 0 || !slots.takes(build)) continue;
            int tier = need.tiers.indexOf(slots.tier);
            if (tier >= 0) best = better(best, now(build, slots, need, tier, fewest));
        }
        return best;
    }

    /// The best of those that have no free slot now; null if there is none.
    private @Nullable Choice later(WaitingBuild build, NeedLine need, @Nullable MachineSlots[] picks) {
        Choice best = null;
        for (int i = 0; i < picks.length; i++) {
            if (picks[i] != null) continue;
            var tier = need.tiers.get(i);
            long start = tier.nextFree(now);
            if (start != Long.MAX_VALUE) best = better(best, new Choice(null, tier, placeInTier(build, tier, start)));
        }
        for (var name : build.request().inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() > 0 || slots.capacity() == 0 || !slots.takes(build)) continue;
            var tier = slots.tier;
            if (tier != null && need.tiers.contains(tier))
                best = better(best, new Choice(null, tier, place(build, slots, slots.firstFree(now), false)));
        }
        return best;
    }

    private Placement placeInTier(WaitingBuild build, Tier tier, long start) {
        long bytes = build.request().inputs().bytes();
        double copy = setUp() + bytes / tier.bandwidth;
        double took = build.expectedSeconds / tier.speed;
        return new Placement("", seconds(start), bytes, copy, took, false, 0, 0, tier.speed);
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        long bytes = build.request().inputs().missingOn(slots.machine.name());
        return new Placement(
                slots.machine.name(),
                seconds(start),
                bytes,
                setUp() + bytes / slots.facts.bandwidth(),
                build.expectedSeconds / slots.facts.speed(),
                spared,
                slots.running.size(),
                slots.machine.maxJobs(),
                slots.facts.speed());
    }

    private double setUp() {
        return Times.seconds(options.setUp());
    }

    private double seconds(long start) {
        return start == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : Math.max(0, (start - now) / Times.SECOND);
    }

    /// Those behind are to reckon with it.
    private void hold(Choice later) {
        held++;
        wake = Math.min(wake, Times.after(now, Math.max(1, later.placement.untilStart())));
        later.tier.reserve(now, Times.after(now, later.placement.finish()));
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
