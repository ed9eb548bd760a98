package dispatcher.schedule;

import dispatcher.schedule.index.Fleet;
import dispatcher.schedule.index.MachineSlots;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.MachineKind;
import dispatcher.schedule.policy.Placement;
import org.jspecify.annotations.Nullable;

/// Finds a slot for a build that has one of a machine that is not up yet: on a machine that is up and would finish
/// it earlier. See [ADR 15](../../../../../../docs/adr/0015-a-start-counts-in-the-expected-finish.md).
///
/// Cost: one look at each tier with a free slot. Used once, by the owner of the scheduler.
final class EarlierSlotFinder {
    private final Fleet fleet;
    private final MachineSelector chooser;
    private final long now;

    EarlierSlotFinder(Fleet fleet, MachineSelector chooser, long now) {
        this.fleet = fleet;
        this.chooser = chooser;
        this.now = now;
    }

    /// Whether there is anything to find, for any build.
    static boolean isWorthALook(Fleet fleet) {
        for (var there : fleet.open()) if (there.tier().isUp()) return true;
        return false;
    }

    /// Null if there is none.
    ///
    /// @param at where its slot is
    @Nullable
    Placement find(WaitingBuild build, MachineSlots at) {
        var required = build.need().requiredFeatures();
        int extras = MachineKind.of(at.machine()).extras(required);
        double least = chooser.place(build, at, now, false).score();
        Placement best = null;
        for (var there : fleet.open()) {
            var tier = there.tier();
            if (!tier.isUp() || !Fitness.isFit(tier.anyMachine(), build.need())) continue;
            var slots = tier.pick(build);
            if (slots == null) continue;
            var placement = chooser.place(build, slots, now, tier.kind().extras(required) > extras);
            if (placement.score() >= least) continue;
            least = placement.score();
            best = placement;
        }
        return best;
    }
}
