package dispatcher.cli.drain;

import dispatcher.cli.state.DrainStore;
import dispatcher.machine.registry.MachineRegistry;
import java.io.IOException;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes down which machines somebody has drained, so that they stay drained over a restart. Which are drained now is
/// in the registry. A name stays there until it is resumed, whether the settings have such a machine or not.
///
/// Safe for any thread. The lock is held while the database and the registry change, so that both say the same.
public final class Drains {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final DrainStore store;
    private final MachineRegistry machines;
    private final ReentrantLock lock = new ReentrantLock();

    private Drains(DrainStore store, MachineRegistry machines) {
        this.store = store;
        this.machines = machines;
    }

    /// Drains what is written down. If that cannot be read, the log says so, and no machine is drained.
    public static Drains load(DrainStore store, MachineRegistry machines) {
        for (var name : written(store))
            if (machines.drain(name, true))
                log.atWarn().addKeyValue("machine", name).log("machine is drained");
        return new Drains(store, machines);
    }

    private static Iterable<String> written(DrainStore store) {
        try {
            return store.load();
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("cannot read which machines are drained; none is");
            return List.of();
        }
    }

    SortedSet<String> names() {
        return machines.drained();
    }

    /// Drains a machine, or ends that.
    ///
    /// @return whether it was otherwise before
    /// @throws IOException if it cannot be written down; nothing has changed then
    boolean set(String machine, boolean drained) throws IOException {
        lock.lock();
        try {
            var next = new TreeSet<>(machines.drained());
            boolean changed = drained ? next.add(machine) : next.remove(machine);
            if (changed) store.save(next);
            machines.drain(machine, drained);
            return changed;
        } finally {
            lock.unlock();
        }
    }
}
