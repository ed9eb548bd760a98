package dispatcher.cli.drain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.state.DrainStore;
import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines somebody has drained: so in the queue, and written down, so that they stay drained over a
/// restart. A name stays there until it is resumed, whether the settings have such a machine or not.
///
/// Safe for any thread. The lock is held while the database and the queue change, so that both say the same.
public final class Drains {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final DrainStore store;
    private final BuildQueue queue;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final SortedSet<String> names;

    private Drains(DrainStore store, BuildQueue queue, SortedSet<String> names) {
        this.store = store;
        this.queue = queue;
        this.names = names;
    }

    /// Drains in the queue what is written down. If that cannot be read, the log says so, and no machine is drained.
    public static Drains load(DrainStore store, BuildQueue queue) {
        SortedSet<String> names = new TreeSet<>();
        try {
            names.addAll(store.load());
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("cannot read which machines are drained; none is");
        }
        var drains = new Drains(store, queue, names);
        drains.apply();
        return drains;
    }

    /// Makes these the machines of the queue, those drained that are to be.
    public void replaceMachines(Collection<Machine> machines) {
        lock.lock();
        try {
            queue.replaceMachines(machines, names);
        } finally {
            lock.unlock();
        }
    }

    private void apply() {
        for (var name : names())
            if (queue.drain(name, true))
                log.atWarn().addKeyValue("machine", name).log("machine is drained");
    }

    SortedSet<String> names() {
        lock.lock();
        try {
            return Collections.unmodifiableSortedSet(new TreeSet<>(names));
        } finally {
            lock.unlock();
        }
    }

    /// Drains a machine, or ends that.
    ///
    /// @return whether it was otherwise before
    /// @throws IOException if it cannot be written down; nothing has changed then
    boolean set(String machine, boolean drained) throws IOException {
        lock.lock();
        try {
            var next = new TreeSet<>(names);
            boolean changed = drained ? next.add(machine) : next.remove(machine);
            if (changed) store.save(next);
            names.clear();
            names.addAll(next);
            queue.drain(machine, drained);
            return changed;
        } finally {
            lock.unlock();
        }
    }
}
