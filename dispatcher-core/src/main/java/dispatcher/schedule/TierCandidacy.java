package dispatcher.schedule;

import org.jspecify.annotations.Nullable;

/// Machines of one tier as those of one line may go to them. Confined to whoever owns the scheduler.
final class TierCandidacy {
    final Tier tier;

    /// What these machines offer that is not needed.
    final int extras;

    /// Of the tier, when it had changed so often. Kept since to find it may take a look at each of its machines, and
    /// most tiers have not changed since the decision before.
    private @Nullable MachineSlots pick;

    private long pickOf = -1;

    TierCandidacy(Tier tier, RequirementQueue line) {
        this.tier = tier;
        this.extras = tier.kind.extras(line.need.requiredFeatures());
    }

    /// The machine for a build of the line, if one of these takes it now.
    @Nullable
    MachineSlots pick(WaitingBuild build) {
        // It can go where others of its line can't.
        if (build.keeps != null) return tier.pick(build);
        if (pickOf != tier.changes()) {
            pick = tier.pick(build);
            pickOf = tier.changes();
        }
        return pick;
    }
}
