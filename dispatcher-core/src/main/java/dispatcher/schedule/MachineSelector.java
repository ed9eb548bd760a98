package dispatcher.schedule;

import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Times;
import org.jspecify.annotations.Nullable;

/// Finds the machine for one build after another, in one plan. Knows what those ahead have in mind. Used once, by
/// whoever owns the scheduler.
///
/// Cost: one look at each tier for each build.
final class MachineSelector {
    /// Seconds of copying that say nothing for or against a machine: no estimate is that good, and a few KB are no
    /// reason to leave others idle.
    private static final double NEGLIGIBLE = 0.05;

    /// Waiting must be worth so much of the time that the build would take now.
    private static final double WORTH_WAITING = 0.05;

    /// So many times longer than assumed builds may be that nothing is known of, when it is asked whether a machine is
    /// too slow for them.
    private static final double UNKNOWN_MAY_TAKE = 3;

    private final long number;
    private final long now;
    private final Fleet fleet;
    private final double setUp;
    private final double totalDrain;
    private int looks;

    /// The best way for a build to begin, on a machine now or, without one, on some machine of a tier later.
    record Choice(@Nullable MachineSlots now, Tier tier, Placement placement) {}

    /// @param number     of the plan
    /// @param totalDrain seconds in which the whole fleet would do all that waits
    MachineSelector(long number, long now, Fleet fleet, SchedulerOptions options, double totalDrain) {
        this.number = number;
        this.now = now;
        this.fleet = fleet;
        this.setUp = Times.seconds(options.setUp());
        this.totalDrain = totalDrain;
    }

    /// Looks so far at kinds of machines, free ones and those that may be better later.
    int looks() {
        return looks;
    }

    /// Null if no machine takes it now.
    ///
    /// @param mayHold whether a busy machine will do if it should finish the build sooner
    @Nullable
    Choice choose(WaitingBuild build, RequirementQueue need, boolean mayHold) {
        var openings = openings(build, need);
        looks += openings.looks();
        Choice best = better(best(build, openings), closest(build, need, openings.fewestExtras()));
        if (best == null || !mayHold) return best;
        double worth = WORTH_WAITING * (best.placement.copy() + best.placement.build());
        double enough = best.placement.score() - worth;
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
        if (chosen.now == null || chosen.now.facts.speed() >= need.bestSpeed()) return null;
        boolean known = build.isKnown;
        double work = build.expectedSeconds * (known ? 1 : UNKNOWN_MAY_TAKE);
        double here = chosen.placement.copy() + work / chosen.now.facts.speed();
        double drain = need.drain(totalDrain);
        if (here <= drain || (!known && drain < work / need.bestSpeed())) return null;
        looks += need.ways.size();
        Tier best = null;
        double least = here;
        for (var way : need.ways) {
            var tier = way.tier;
            if (tier.hasFree() || tier.capacity() == 0 || tier.speed <= chosen.now.facts.speed()) continue;
            double finish = Math.max(drain, seconds(tier.nextFree(number, now))) + setUp + work / tier.speed;
            if (finish >= least) continue;
            least = finish;
            best = tier;
            if (any) break;
        }
        return best == null ? null : new Choice(null, best, placeInTier(build, best));
    }

    /// What is the same for all builds of a line is found once, as hundreds of them may be looked at in one plan. Only
    /// one that a machine is kept free for can go where others of its line can't.
    private PlacementCandidates openings(WaitingBuild build, RequirementQueue need) {
        if (build.keeps != null) return PlacementCandidates.of(fleet, need, build, now);
        var known = need.openings;
        if (known != null && need.openingsOf == fleet.changes()) return known;
        var found = PlacementCandidates.of(fleet, need, build, now);
        need.openings = found;
        need.openingsOf = fleet.changes();
        return found;
    }

    /// Of machines with a free slot, as if none held anything of what the build needs: for those that do there is
    /// [#closest].
    private @Nullable Choice best(WaitingBuild build, PlacementCandidates openings) {
        long bytes = build.inputs().bytes();
        PlacementCandidates.Opening best = null;
        double least = Double.POSITIVE_INFINITY;
        for (var opening : openings.contenders()) {
            double seconds = copySeconds(bytes, opening.slots()) + build.expectedSeconds / opening.speed();
            double score = Placement.score(0, seconds, opening.spared());
            if (best != null && (score > least || (score == least && opening.slots().index > best.slots().index)))
                continue;
            least = score;
            best = opening;
        }
        return best == null ? null : now(build, best.slots(), best.spared());
    }

    private Choice now(WaitingBuild build, MachineSlots slots, boolean spared) {
        return new Choice(slots, slots.tier(), place(build, slots, now, spared));
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
        return choice.now == null ? Integer.MAX_VALUE : choice.now.index;
    }

    /// The best of the machines with a free slot that hold much of what the build needs.
    private @Nullable Choice closest(WaitingBuild build, RequirementQueue need, int fewest) {
        Choice best = null;
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() == 0 || !slots.takes(build)) continue;
            var way = slots.tier().wayOf(need);
            if (way != null) best = better(best, now(build, slots, way.extras > fewest));
        }
        return best;
    }

    /// The best of those that have no free slot now; null if there is none.
    ///
    /// @param enough in seconds; a machine with nothing of what the build needs only matters if it is done before
    private @Nullable Choice later(WaitingBuild build, RequirementQueue need, double enough) {
        looks += need.ways.size();
        var soonest = leastTime(build, need) < enough ? soonestTier(build, need) : null;
        Choice best = soonest == null ? null : new Choice(null, soonest, placeInTier(build, soonest));
        for (var name : build.inputs().present().keySet()) {
            var slots = fleet.machine(name);
            if (slots == null || slots.free() > 0 || slots.capacity() == 0 || !slots.takes(build)) continue;
            if (slots.tier().wayOf(need) != null)
                best = better(
                        best, new Choice(null, slots.tier(), place(build, slots, slots.nextFree(number, now), false)));
        }
        return best;
    }

    /// Seconds in which no machine could do it faster that has nothing of what it needs.
    private double leastTime(WaitingBuild build, RequirementQueue need) {
        return setUp + build.inputs().bytes() / need.bestBandwidth() + build.expectedSeconds / need.bestSpeed();
    }

    private @Nullable Tier soonestTier(WaitingBuild build, RequirementQueue need) {
        Tier soonest = null;
        double leastFinish = Double.POSITIVE_INFINITY;
        for (var way : need.ways) {
            var tier = way.tier;
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
        double copy = setUp + build.inputs().bytes() / tier.bandwidth;
        return seconds(tier.nextFree(number, now)) + copy + build.expectedSeconds / tier.speed;
    }

    private Placement placeInTier(WaitingBuild build, Tier tier) {
        long bytes = build.inputs().bytes();
        double copy = setUp + bytes / tier.bandwidth;
        double took = build.expectedSeconds / tier.speed;
        double untilStart = seconds(tier.nextFree(number, now));
        boolean measured = build.request().work().isMeasured();
        return new Placement("", untilStart, bytes, copy, took, false, 0, 0, tier.speed, measured, measured);
    }

    /// What is on its way there shares the link for as long as both last.
    private double copySeconds(long bytes, MachineSlots slots) {
        double sending = bytes / slots.facts.bandwidth();
        if (sending < NEGLIGIBLE) return setUp;
        return setUp + sending + Math.min(sending, slots.linkBusy(now));
    }

    Placement place(WaitingBuild build, MachineSlots slots, long start, boolean spared) {
        long missing = build.inputs().missingOn(slots.machine.name());
        return new Placement(
                slots.machine.name(),
                seconds(start),
                missing,
                copySeconds(missing, slots),
                build.expectedSeconds / slots.facts.speed(),
                spared,
                slots.running.size(),
                slots.machine.maxJobs(),
                slots.facts.speed(),
                start <= now || slots.isFirstFreeMeasured(),
                build.request().work().isMeasured());
    }

    private double seconds(long start) {
        return start == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : Math.max(0, (start - now) / Times.SECOND);
    }
}
