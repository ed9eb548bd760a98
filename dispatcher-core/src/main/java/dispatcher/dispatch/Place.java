package dispatcher.dispatch;

import dispatcher.schedule.BuildQueue.Assignment;

/// A slot of a machine with the way there; both are held until closed.
record Place(Assignment slot, MachineLink.Use use) implements AutoCloseable {
    MachineLink link() {
        return use.link();
    }

    String machine() {
        return link().machine().name();
    }

    /// A second time does nothing.
    @Override
    public void close() {
        use.close();
        slot.close();
    }
}
