package dispatcher.schedule;

import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.PlacementCandidates;
import dispatcher.schedule.index.RequirementQueue;
import dispatcher.schedule.index.Tier;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Placing;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Times;
import org.jspecify.annotations.Nullable;

/// Finds the machine for one build after another, in one plan. Knows what those ahead have in mind. Used once, by
/// the owner of the scheduler.
///
/// Cost: one look at each tier for each build.
final class MachineSelector {
    private final long number;
    private final long now;
    private final Fleet fleet;
    private final double setUp;
    private final double totalDrain;
    private int looks;

    /// The best way for a build to begin.
    ///
    /// @param now   the machine that takes it; null if it waits
    /// @param later the tier that it waits for then; null if it does not wait
    record Choice(@Nullable MachineSlots now, @Nullable Tier later, Placement placement) {}

    /// @param number     of the plan
    /// @param totalDrain seconds in which the whole fleet would do all that waits
    MachineSelector(long number, long now, Fleet fleet, SchedulerOptions options, double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.setUp = Times.seconds(options.setUp());
        this.totalDrain = totalDrain;
    }

    /// Looks spent on kinds of machines up to now, free ones and those that may be better later.
    int looks() {
        return looks;
    }

    /// Null if no machine takes it now.
    ///
    /// @param mayHold whether a busy machine will do if it should finish the build sooner. Only a build whose
    ///                duration is known waits for one, unless it would have to wait for a machine to start as well
    @Nullable
    Choice choose(WaitingBuild build, RequirementQueue need, boolean mayHold) {
        var candidates = fleet.candidates(build, need, now);
        looks += candidates.looks();
        Choice best = better(best(build, candidates), closest(build, need, candidates.fewestExtras()));
        if (best == null || !mayHold || !(build.isKnown() || best.placement.boot() > 0)) return best;
        double enough = Placing.worthWaitingFor(best.placement);
        var later = later(build, need, enough);
        return later != null && later.placement.score() < enough ? later : best;
    }

    /// A faster machine that is busy still, if the chosen one is so slow that all else that waits should be done
    /// before, and the build as well on that other machine. Null if it is not.
    ///
    /// Only what is sure to end is waited for, so that a build does not wait for ever; and one of which nothing is
    /// known takes what is free unless many others wait.
    ///
    /// @param any whether any such machine will do, as it is only asked whether there is one
    @Nullable
    Choice insteadOfSlow(WaitingBuild build, RequirementQueue need, Choice chosen, boolean any) {
        if (chosen.now == null || chosen.now.speed() >= need.bestSpeed()) return null;
        double work = Placing.mayTake(build.expectedSeconds(), build.isKnown());
        double here = chosen.placement.boot() + chosen.placement.copy() + work / chosen.now.speed();
        double drain = need.drain(totalDrain);
        if (!Placing.endsAfterAllElse(here, drain, build.isKnown(), work, need.bestSpeed())) return null;
        looks += need.countOfWays();
        Tier best = null;
        double least = here;
        for (var way : need.ways()) {
            var tier = way.tier();
            if (tier.hasFree() || tier.capacity() == 0 || tier.speed() <= chosen.now.speed()) continue;
            double end = Placing.endInstead(drain, seconds(tier.nextFree(number, now)), setUp, work, tier.speed());
            if (end >= least) continue;
            least = end;
            best = tier;
            if (any) break;
        }
        return best == null ? null : new Choice(null, best, placeInTier(build, best));
    }

    /// Of machines with a free slot, as if none held anything of what the build needs: for those that do there is
    /// [#closest].
    private @Nullable Choice best(WaitingBuild build, PlacementCandidates candidates) {
        long bytes = build.inputs().bytes();
        PlacementCandidates.Opening best = null;
        double least = Double.POSITIVE_INFINITY;
        for (var opening : candidates.contenders()) {
            double seconds = copySeconds(bytes, opening.slots()) + build.expectedSeconds() / opening.speed();
            double score = Placement.score(opening.slots().untilUp(now), seconds, opening.spared());
            if (best != null
                    && (score > least
                            || (score == least
                                    && opening.slots().index() > best.slots().index()))) continue;
            least = score;
            best = opening;
        }
        return best == null ? null : now(build, best.slots(), best.spared());
    }

    private Choice now(WaitingBuild build, MachineSlots slots, boolean spared) {
        return new Choice(slots, null, place(build, slots, now, spared));
    }

    private static @Nullable Choice better(@Nullable Choice one, @Nullable Choice other) {
        if (one == null) return other;
        if (other == null) return one;
        int byScore = Double.compare(one.placement.score(), other.placement.score());
        if (byScore != 0) return byScore < 0 ? one : other;
        int byLoad = Double.compare(load(one), load(other));
        if (byLoad != 0) return byLoad < 0 ? one : other;
        return index(one) <= index(other) ? one : other;
    }

    private static double load(Choice choice) {
        return choice.now == null ? 1 : choice.now.load();
    }

    private static int index(Choice choice) {
        return choice.now == null ? Integer.MAX_VALUE : choice.now.index();
    }

    /// The best of the machines with a free slot that hold much of what the build needs.
    private @Nullable Choice closest(WaitingBuild build, RequirementQueue need, int fewest) {
        Choice best = null;
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() == 0 || !slots.takes(build)) continue;
            var way = fleet.wayTo(slots, need);
            if (way != null) best = better(best, now(build, slots, way.extras() > fewest));
        }
        return best;
    }

    /// The best of those that have no free slot now; null if there is none.
    ///
    /// @param enough in seconds; a machine with nothing of what the build needs only matters if it is done before
    private @Nullable Choice later(WaitingBuild build, RequirementQueue need, double enough) {
        looks += need.countOfWays();
        var soonest = leastTime(build, need) < enough ? soonestTier(build, need) : null;
        Choice best = soonest == null ? null : new Choice(null, soonest, placeInTier(build, soonest));
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() > 0 || slots.capacity() == 0 || !slots.takes(build)) continue;
            var way = fleet.wayTo(slots, need);
            if (way != null)
                best = better(
                        best, new Choice(null, way.tier(), place(build, slots, slots.nextFree(number, now), false)));
        }
        return best;
    }

    /// Seconds in which no machine could do it faster that has nothing of what it needs.
    private double leastTime(WaitingBuild build, RequirementQueue need) {
        return setUp + build.inputs().bytes() / need.bestBandwidth() + build.expectedSeconds() / need.bestSpeed();
    }

    private @Nullable Tier soonestTier(WaitingBuild build, RequirementQueue need) {
        Tier soonest = null;
        double leastFinish = Double.POSITIVE_INFINITY;
        for (var way : need.ways()) {
            var tier = way.tier();
            if (tier.hasFree()) continue;
            double finish = finishInTier(build, tier);
            if (finish >= leastFinish) continue;
            leastFinish = finish;
            soonest = tier;
        }
        return soonest;
    }

    /// Of [#placeInTier], the time until the end.
    private double finishInTier(WaitingBuild build, Tier tier) {
        double copy = setUp + build.inputs().bytes() / tier.bandwidth();
        return seconds(tier.nextFree(number, now)) + copy + build.expectedSeconds() / tier.speed();
    }

    private Placement placeInTier(WaitingBuild build, Tier tier) {
        long bytes = build.inputs().bytes();
        double copy = setUp + bytes / tier.bandwidth();
        double took = build.expectedSeconds() / tier.speed();
        double untilStart = seconds(tier.nextFree(number, now));
        boolean measured = build.request().work().isMeasured();
        return new Placement("", untilStart, 0, bytes, copy, took, false, 0, 0, tier.speed(), measured, measured);
    }

    private double copySeconds(long bytes, MachineSlots slots) {
        double sending = bytes / slots.facts().bandwidth();
        return Placing.copySeconds(sending, Placing.isNegligible(sending) ? 0 : slots.linkBusy(now), setUp);
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        long missing = build.inputs().missingOn(slots.name());
        double untilStart = seconds(start);
        return new Placement(
                slots.name(),
                untilStart,
                Math.max(0, slots.untilUp(now) - untilStart),
                missing,
                copySeconds(missing, slots),
                build.expectedSeconds() / slots.speed(),
                spared,
                slots.slotsTaken(),
                slots.machine().maxJobs(),
                slots.speed(),
                start <= now || slots.isFirstFreeMeasured(),
                build.request().work().isMeasured());
    }

    private double seconds(long start) {
        return start == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : Math.max(0, (start - now) / Times.SECOND);
    }
}
