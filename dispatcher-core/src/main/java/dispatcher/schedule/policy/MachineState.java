package dispatcher.schedule.policy;

import dispatcher.fleet.Machine;

/// A machine at the moment of a decision.
///
/// @param running   builds that hold a slot of it
/// @param available false while it is set aside after a failure
public record MachineState(Machine machine, int running, boolean available) {
    public boolean hasFreeSlot() {
        return running < machine.maxJobs();
    }
}
