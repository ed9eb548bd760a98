package dispatcher.cli.drain;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.state.Drain;
import dispatcher.cli.state.DrainStore;
import dispatcher.machine.registry.MachineRegistry;
import java.io.IOException;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes down which machines somebody has drained, with who did it, when and why, so that they stay drained over a
/// restart. Which are drained now is in the registry. A name stays there until it is resumed, whether the settings have
/// such a machine or not.
///
/// Safe for any thread. The lock is held while the database and the registry change, so that both say the same.
public final class Drains {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final DrainStore store;
    private final MachineRegistry machines;
    private final ReentrantLock lock = new ReentrantLock();

    /// What is known of each drain; never changed in place. Written under the lock, read by anybody, since writing may
    /// have to wait for the disk.
    private volatile SortedMap<String, Drain> known;

    private Drains(DrainStore store, MachineRegistry machines, SortedMap<String, Drain> known) {
        this.store = store;
        this.machines = machines;
        this.known = known;
    }

    /// Drains what is written down. If that cannot be read, the log says so, and no machine is drained.
    public static Drains load(DrainStore store, MachineRegistry machines) {
        var written = written(store);
        written.forEach((name, drain) -> {
            if (machines.drain(name, true))
                log.atWarn()
                        .addKeyValue("machine", name)
                        .addKeyValue("by", drain.by().orElse("?"))
                        .addKeyValue("note", drain.note().orElse(""))
                        .log("machine is drained");
        });
        return new Drains(store, machines, written);
    }

    private static SortedMap<String, Drain> written(DrainStore store) {
        try {
            return store.load();
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("cannot read which machines are drained; none is");
            return Collections.emptySortedMap();
        }
    }

    SortedSet<String> names() {
        return machines.drained();
    }

    /// A machine as the API has it, with what is known of its drain.
    public MachineAnswer with(MachineAnswer machine) {
        if (!machine.state().equals("drained")) return machine;
        var drain = known.getOrDefault(machine.name(), Drain.UNKNOWN);
        return machine.withDrained(new MachineAnswer.Drained(drain.since(), drain.by(), drain.note()), words(drain));
    }

    /// For example `drained by root: new disk`; empty if neither is known.
    private static String words(Drain drain) {
        if (drain.by().isEmpty() && drain.note().isEmpty()) return "";
        return "drained"
                + drain.by().map(who -> " by " + who).orElse("")
                + drain.note().map(why -> ": " + why).orElse("");
    }

    /// What a request has changed.
    enum Change {
        NOTHING,

        /// It was drained already, and has another note now.
        NOTE,
        STATE
    }

    /// Drains a machine. If it is drained already, it stays so since then, and a note replaces the one that it has.
    ///
    /// @throws IOException if it cannot be written down; nothing has changed then
    Change drain(String machine, Drain drain) throws IOException {
        lock.lock();
        try {
            boolean already = machines.drained().contains(machine);
            if (already && drain.note().isEmpty()) return Change.NOTHING;
            var before = known.getOrDefault(machine, Drain.UNKNOWN);
            put(machine, Optional.of(already ? new Drain(before.since(), drain.by(), drain.note()) : drain));
            machines.drain(machine, true);
            return already ? Change.NOTE : Change.STATE;
        } finally {
            lock.unlock();
        }
    }

    /// Ends that a machine is drained.
    ///
    /// @throws IOException if it cannot be written down; nothing has changed then
    Change resume(String machine) throws IOException {
        lock.lock();
        try {
            if (!machines.drained().contains(machine)) return Change.NOTHING;
            put(machine, Optional.empty());
            machines.drain(machine, false);
            return Change.STATE;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void put(String machine, Optional<Drain> drain) throws IOException {
        var next = new TreeMap<String, Drain>();
        for (var name : machines.drained()) next.put(name, known.getOrDefault(name, Drain.UNKNOWN));
        drain.ifPresentOrElse(now -> next.put(machine, now), () -> next.remove(machine));
        store.save(next);
        known = Collections.unmodifiableSortedMap(next);
    }
}
