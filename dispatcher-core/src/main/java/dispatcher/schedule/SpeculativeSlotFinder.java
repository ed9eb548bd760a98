package dispatcher.schedule;

import static java.util.Objects.requireNonNull;

import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.TierQueues;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Placing;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds a slot for a second attempt at a build that is under way: one that no waiting build could use,
/// on a machine that is clearly faster, or on any other if the first machine does badly.
///
/// Cost: one look at each tier with a free slot, and at those of its machines that will not do. Used
/// once, by the owner of the scheduler.
final class SpeculativeSlotFinder {
    private final Fleet fleet;
    private final MachineSelector chooser;
    private final RunningBuild slow;
    private final WaitingBuild again;
    private final long now;

    /// @param slow  the build where it is
    /// @param again the same build, excluded from where it is; in no queue
    SpeculativeSlotFinder(Fleet fleet, MachineSelector chooser, RunningBuild slow, WaitingBuild again, long now) {
        this.fleet = fleet;
        this.chooser = chooser;
        this.slow = slow;
        this.again = again;
        this.now = now;
    }

    private record Pick(MachineSlots slots, int extras) {}

    /// Null if there is none.
    @Nullable
    Placement find() {
        var picks = picks();
        int fewest = Integer.MAX_VALUE;
        for (var pick : picks) fewest = Math.min(fewest, pick.extras);
        Placement best = null;
        for (var pick : picks) {
            var placement = chooser.place(again, pick.slots, now, pick.extras > fewest);
            if (best == null || placement.score() < best.score()) best = placement;
        }
        return best;
    }

    /// The first that will do of each tier.
    private List<Pick> picks() {
        double least = leastSpeed();
        var picks = new ArrayList<Pick>();
        for (var there : fleet.open()) {
            var tier = there.tier();
            if (!Fitness.isFit(tier.anyMachine(), again.need())) continue;
            for (var slots : tier.machinesWithFreeSlots()) {
                if (!willDo(slots, least) || !isWantedByNobody(slots, there)) continue;
                picks.add(new Pick(slots, tier.kind().extras(again.need().requiredFeatures())));
                break;
            }
        }
        return picks;
    }

    private double leastSpeed() {
        var at = requireNonNull(fleet.machine(slow.machine().name()));
        boolean badly =
                at.isGone() || at.health().isAside() || !at.facts().objection().isEmpty();
        return badly ? 0 : Placing.clearlyFasterThan(at.speed());
    }

    /// A machine that is just being tried after it has failed is not the one to count on, and none is started for
    /// that.
    private boolean willDo(MachineSlots slots, double leastSpeed) {
        return slots.isUp()
                && slots.speed() >= leastSpeed
                && !slots.health().isOnTrial()
                && !slots.isKept()
                && slots.takes(again);
    }

    /// Also not by those who wait for something else to be free as well.
    private static boolean isWantedByNobody(MachineSlots slots, TierQueues there) {
        for (var queue : there.queues()) if (!queue.need().excludes(slots.name())) return false;
        return true;
    }
}
