package dispatcher.machine.registry;

import dispatcher.machine.Machine;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.policy.MachineSnapshot;

/// One machine of the settings: the way to it, and all that is known of it. Any thread may read it; only
/// [RegisteredMachines] changes it. A machine that is reached otherwise than before is another one.
final class RegisteredMachine {
    private final MachineLink link;
    private volatile Machine stated;
    private volatile MachineSnapshot snapshot;

    RegisteredMachine(MachineLink link, Machine stated, MachineSnapshot snapshot) {
        this.link = link;
        this.stated = stated;
        this.snapshot = snapshot;
    }

    String name() {
        return link.machine().name();
    }

    MachineLink link() {
        return link;
    }

    /// As the settings have it.
    Machine stated() {
        return stated;
    }

    /// The latest.
    MachineSnapshot snapshot() {
        return snapshot;
    }

    /// The caller holds the lock of [RegisteredMachines].
    void set(MachineSnapshot latest) {
        snapshot = latest;
    }

    /// The same, with what other settings say.
    void set(Machine nowStated, MachineSnapshot latest) {
        stated = nowStated;
        snapshot = latest;
    }
}
