package dispatcher.build;

import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.BuildQueue.Assignment;

/// A slot of a machine with the way there; both are held until closed.
public record LeasedMachine(Assignment slot, MachineLink.Use use) implements AutoCloseable {
    public MachineLink link() {
        return use.link();
    }

    public String machine() {
        return link().machine().name();
    }

    /// A second time does nothing.
    @Override
    public void close() {
        use.close();
        slot.close();
    }
}
