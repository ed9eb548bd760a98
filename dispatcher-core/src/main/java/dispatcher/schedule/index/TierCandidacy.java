package dispatcher.schedule.index;

import dispatcher.schedule.policy.SchedulingKey;
import org.jspecify.annotations.Nullable;

/// Machines of one tier as builds of one need may go to them. Confined to the owner of the scheduler.
public final class TierCandidacy {
    private final Tier tier;
    private final int extras;

    /// Of the tier, when it had changed so often. Kept since to find it may take a look at each of its machines, and
    /// most tiers have not changed since the decision before.
    private @Nullable MachineSlots pick;

    private long pickOf = -1;

    TierCandidacy(Tier tier, SchedulingKey need) {
        this.tier = tier;
        this.extras = tier.kind().extras(need.requiredFeatures());
    }

    public Tier tier() {
        return tier;
    }

    /// What these machines offer that is not needed.
    public int extras() {
        return extras;
    }

    /// The machine for a build of that need, if one of these takes it now.
    @Nullable
    MachineSlots pick(WaitingBuild build) {
        // It can go where others of its need can't.
        if (build.isKeeper()) return tier.pick(build);
        if (pickOf != tier.changes()) {
            pick = tier.pick(build);
            pickOf = tier.changes();
        }
        return pick;
    }
}
