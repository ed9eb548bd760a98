package dispatcher.schedule.policy;

import java.util.List;

/// Chooses a machine for a build. A pure function: the same snapshot gives the same answer.
public interface PlacementPolicy {
    /// @param machines those that the build may go to, in the order of the settings
    Placement place(BuildRequest request, List<MachineState> machines);
}
