package dispatcher.schedule;

import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Placement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds a slot for a second attempt at a build that is under way: one that nobody who waits could use,
/// on a machine that is clearly faster, or on any other if the first machine does badly.
///
/// Cost: one look at each tier with a free slot, and at those of its machines that will not do. Used
/// once, by whoever owns the scheduler.
final class SpeculativeSlotFinder {
    /// So much faster than the machine where the build is.
    static final double FASTER = 1.3;

    private final Fleet fleet;
    private final MachineSelector chooser;
    private final RunningBuild slow;
    private final WaitingBuild again;
    private final long now;

    /// @param slow  the build where it is
    /// @param again the same build, excluded from where it is; in no line
    SpeculativeSlotFinder(Fleet fleet, MachineSelector chooser, RunningBuild slow, WaitingBuild again, long now) {
        this.fleet = fleet;
        this.chooser = chooser;
        this.slow = slow;
        this.again = again;
        this.now = now;
    }

    /// Null if there is none.
    @Nullable
    Placement find() {
        var picks = picks();
        int fewest = Integer.MAX_VALUE;
        for (var slots : picks) fewest = Math.min(fewest, extras(slots));
        Placement best = null;
        for (var slots : picks) {
            var placement = chooser.place(again, slots, now, extras(slots) > fewest);
            if (best == null || placement.score() < best.score()) best = placement;
        }
        return best;
    }

    /// The first that will do of each tier.
    private List<MachineSlots> picks() {
        double least = leastSpeed();
        var picks = new ArrayList<MachineSlots>();
        for (var tier : fleet.open()) {
            if (!Fitness.isFit(tier.machines().iterator().next().machine, again.need)) continue;
            for (var slots : tier.machinesWithFreeSlots()) {
                if (!willDo(slots, least)) continue;
                picks.add(slots);
                break;
            }
        }
        return picks;
    }

    private double leastSpeed() {
        var at = slow.slots;
        boolean badly = at.gone || at.health.isAside() || !at.facts.objection().isEmpty();
        return badly ? 0 : at.facts.speed() * FASTER;
    }

    /// A machine that is just being tried after it has failed is not the one to count on.
    private boolean willDo(MachineSlots slots, double leastSpeed) {
        return slots.facts.speed() >= leastSpeed
                && !slots.health.isOnTrial()
                && slots.keptFor == null
                && slots.takes(again)
                && isWantedByNobody(slots);
    }

    /// Also not by those who wait for something else to be free as well.
    private static boolean isWantedByNobody(MachineSlots slots) {
        for (var line : slots.tier().lines()) if (!line.need.excluded().contains(slots.machine.name())) return false;
        return true;
    }

    private int extras(MachineSlots slots) {
        return slots.tier().kind.extras(again.need.requiredFeatures());
    }
}
