package dispatcher.simulate;

import dispatcher.machine.Machine;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/// A machine in the course of a simulation. Confined to one thread.
final class HostState {
    final Host host;
    final Network.Link in;
    final Network.Link out;
    /// Paths that are there.
    final BitSet held;
    /// Paths that are on their way, and by which copy.
    final Map<Integer, Copy> underWay = new HashMap<>();
    final LinkedHashSet<Attempt> attempts = new LinkedHashSet<>();
    /// Those that may not send before others have; the first of them does.
    final ArrayDeque<Attempt> senders = new ArrayDeque<>();
    private final BitSet slots = new BitSet();
    private final Map<String, Long> taken = new HashMap<>();
    /// How many outages it is in.
    int outages;

    /// Paths that one attempt sends, and the attempts that wait for some of them.
    record Copy(List<Integer> paths, List<Attempt> waiting) {
        Copy(List<Integer> paths) {
            this(paths, new ArrayList<>());
        }
    }

    HostState(Host host, BitSet held) {
        this.host = host;
        this.held = held;
        this.in = new Network.Link(host.bandwidth(), true);
        this.out = new Network.Link(host.bandwidth(), false);
    }

    /// @param strictly whether its resources are kept to
    /// @return the slot
    /// @throws IllegalStateException if there is no slot, or not enough of a resource
    int take(Job job, boolean strictly) {
        int slot = slots.nextClearBit(0);
        if (slot >= host.machine().maxJobs())
            throw new IllegalStateException("%s starts on %s, which has no slot".formatted(job.id(), host.name()));
        slots.set(slot);
        job.resources().forEach((resource, amount) -> {
            long sum = taken.merge(resource, amount, Long::sum);
            if (strictly && sum > available(resource))
                throw new IllegalStateException(
                        "%s starts on %s, which has not enough %s".formatted(job.id(), host.name(), resource));
        });
        return slot;
    }

    /// What a machine does not declare of its memory counts as enough.
    private long available(String resource) {
        return host.machine().resources().getOrDefault(resource, resource.equals(Machine.MEMORY) ? Long.MAX_VALUE : 0L);
    }

    void release(Job job, int slot) {
        slots.clear(slot);
        job.resources().forEach((resource, amount) -> taken.merge(resource, -amount, Long::sum));
    }
}
