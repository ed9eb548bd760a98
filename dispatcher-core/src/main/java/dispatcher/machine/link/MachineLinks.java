package dispatcher.machine.link;

import dispatcher.machine.Machine;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The ways to the machines that there are now. Readers see all of one state or all of the next; what led to a
/// machine before stays open until its last user is done.
///
/// Safe for any thread. The lock is held while links are made and take each other's place, never over I/O.
public final class MachineLinks implements AutoCloseable {
    private final ReentrantLock lock = new ReentrantLock();

    /// In the order of the settings. Never changed, but replaced.
    private volatile Map<String, MachineLink> current;

    /// Those that are not current any more, and may be in use still.
    private final Set<MachineLink> retired = ConcurrentHashMap.newKeySet();

    public MachineLinks(Collection<MachineLink> links) {
        this.current = byName(links);
    }

    private static Map<String, MachineLink> byName(Collection<MachineLink> links) {
        var map = new LinkedHashMap<String, MachineLink>();
        for (var link : links) map.put(link.machine().name(), link);
        return Collections.unmodifiableMap(map);
    }

    /// All there are at this moment.
    public Collection<MachineLink> all() {
        return current.values();
    }

    public boolean has(String machine) {
        return current.containsKey(machine);
    }

    /// Whether it is what leads to its machine now.
    public boolean isCurrent(MachineLink link) {
        return link.equals(current.get(link.machine().name()));
    }

    /// The way to a machine, which stays open until given back; empty if there is no such machine.
    public Optional<MachineLink.Use> use(String machine) {
        while (true) {
            @Nullable MachineLink link = current.get(machine);
            if (link == null) return Optional.empty();
            var use = link.use();
            // Otherwise it has been replaced in between.
            if (use.isPresent()) return use;
        }
    }

    /// Makes these the machines. A machine that is reached as before keeps its link.
    ///
    /// @param keep whether links may be kept at all
    /// @param make a new link to a machine; does no I/O
    /// @return names of the machines that the links before led to, and no link or another one does now
    public Set<String> replace(Collection<Machine> machines, boolean keep, Function<Machine, MachineLink> make) {
        var left = new HashSet<MachineLink>();
        lock.lock();
        try {
            var before = current;
            var next = new LinkedHashMap<String, MachineLink>();
            for (var machine : machines) {
                var known = before.get(machine.name());
                var kept = keep && known != null && known.leadsTo(machine);
                next.put(machine.name(), kept && known != null ? known : make.apply(machine));
            }
            // Nothing fails from here on.
            for (var machine : machines) {
                var link = next.get(machine.name());
                if (link != null) link.describe(machine);
            }
            left.addAll(before.values());
            left.removeAll(next.values());
            current = Collections.unmodifiableMap(next);
            retired.addAll(left);
        } finally {
            lock.unlock();
        }
        retired.removeIf(MachineLink::isClosed);
        var names = new HashSet<String>();
        for (var link : left) {
            names.add(link.machine().name());
            link.retire();
        }
        return names;
    }

    @Override
    public void close() {
        for (var link : current.values()) link.close();
        for (var link : retired) link.close();
    }
}
