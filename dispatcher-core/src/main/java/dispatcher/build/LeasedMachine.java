package dispatcher.build;

import dispatcher.build.placement.SlotCount;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.BuildQueue.Assignment;
import java.util.concurrent.atomic.AtomicBoolean;

/// A slot of a machine with the way there; both are held until closed, and counted meanwhile. Safe for any thread.
public final class LeasedMachine implements AutoCloseable {
    private final Assignment slot;
    private final MachineLink.Use use;
    private final SlotCount taken;
    private final AtomicBoolean closed = new AtomicBoolean();

    /// @param taken counts it
    LeasedMachine(Assignment slot, MachineLink.Use use, SlotCount taken) {
        this.slot = slot;
        this.use = use;
        this.taken = taken;
        taken.take(machine(), slot.request().resources());
    }

    public Assignment slot() {
        return slot;
    }

    public MachineLink link() {
        return use.link();
    }

    public String machine() {
        return link().machine().name();
    }

    /// A second time does nothing.
    @Override
    public void close() {
        if (closed.compareAndSet(false, true))
            taken.giveBack(machine(), slot.request().resources());
        use.close();
        slot.close();
    }
}
