package dispatcher.machine.registry;

import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.policy.MachineSnapshot;

/// One machine of the settings: the way to it, and all that is known of it. Any thread may read it; only
/// [RegisteredMachines] changes it. A machine that is reached otherwise than before is another one.
final class RegisteredMachine {
    private final MachineLink link;
    private volatile MachineSnapshot snapshot;

    RegisteredMachine(MachineLink link, MachineSnapshot snapshot) {
        this.link = link;
        this.snapshot = snapshot;
    }

    String name() {
        return link.machine().name();
    }

    MachineLink link() {
        return link;
    }

    /// The latest.
    MachineSnapshot snapshot() {
        return snapshot;
    }

    /// The caller holds the lock of [RegisteredMachines].
    void set(MachineSnapshot latest) {
        snapshot = latest;
    }
}
