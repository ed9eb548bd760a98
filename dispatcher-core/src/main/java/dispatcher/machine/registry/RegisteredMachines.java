package dispatcher.machine.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.history.History;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineSnapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The machines that there are now, and the only place where what is known of one changes. Each change makes a new
/// [MachineSnapshot] with a greater version, which the queue gets. Readers see all machines of one state of the
/// settings or all of the next; what led to a machine before stays open until the last who uses it is done.
///
/// Changes are made under a lock that is held over nothing else, and the queue is updated after that. So it may get
/// two changes of one machine in the wrong order; it knows by their versions which is the later one.
///
/// Safe for any thread.
final class RegisteredMachines implements AutoCloseable {
    private final BuildQueue queue;
    private final History history;
    private final Descriptions descriptions;
    private final Function<String, Boot> boots;

    /// Held by a change of the settings from its beginning to its end, so that one comes after the other.
    private final ReentrantLock replacing = new ReentrantLock();

    private final ReentrantLock lock = new ReentrantLock();

    /// In the order of the settings. Never changed, but replaced.
    private volatile Map<String, RegisteredMachine> current = Map.of();

    /// Those that are not current any more, and may be in use still.
    private final Set<MachineLink> retired = ConcurrentHashMap.newKeySet();

    /// Names, also of machines that there are not.
    @GuardedBy("lock")
    private final SortedSet<String> drained = new TreeSet<>();

    /// Of the last change of any machine: so what has the name of a machine that is gone is later than that was.
    @GuardedBy("lock")
    private long version;

    /// A change of one machine. Both are the same if nothing changed.
    record Change(MachineSnapshot before, MachineSnapshot after) {}

    /// @param queue   gets each change
    /// @param history what it has learned of machines is part of what is known of them
    /// @param descriptions what machines have said of themselves is, where the settings do not say it
    /// @param boots        whether a machine is up; asked with the lock held, and so quickly answered
    RegisteredMachines(BuildQueue queue, History history, Descriptions descriptions, Function<String, Boot> boots) {
        this.queue = queue;
        this.history = history;
        this.descriptions = descriptions;
        this.boots = boots;
    }

    // ---- questions

    /// All there are at this moment.
    Collection<RegisteredMachine> all() {
        return current.values();
    }

    Optional<MachineSnapshot> snapshot(String machine) {
        return Optional.ofNullable(current.get(machine)).map(RegisteredMachine::snapshot);
    }

    boolean has(String machine) {
        return current.containsKey(machine);
    }

    /// Whether a machine is still there and not set aside.
    boolean isUp(String machine) {
        var there = current.get(machine);
        return there != null && !there.snapshot().health().isAside();
    }

    /// Whether builds could begin on a machine, now or when others end there.
    boolean takesBuilds(String machine) {
        var there = current.get(machine);
        return there != null && there.snapshot().slots() > 0;
    }

    /// Whether it is what leads to its machine now.
    boolean isCurrent(MachineLink link) {
        return of(link) != null;
    }

    private @Nullable RegisteredMachine of(MachineLink link) {
        var there = current.get(link.machine().name());
        return there != null && there.link().equals(link) ? there : null;
    }

    /// The way to a machine, which stays open until given back; empty if there is no such machine.
    Optional<MachineLink.Use> use(String machine) {
        while (true) {
            var there = current.get(machine);
            if (there == null) return Optional.empty();
            var use = there.link().use();
            // Else it has been replaced in between.
            if (use.isPresent()) return use;
        }
    }

    /// Names of those that somebody wants to get no more builds, whether there are such machines or not.
    SortedSet<String> drained() {
        lock.lock();
        try {
            return Collections.unmodifiableSortedSet(new TreeSet<>(drained));
        } finally {
            lock.unlock();
        }
    }

    // ---- changes

    /// Changes what is known of a machine, and updates the queue. Ignored if there is no such machine.
    void change(String machine, UnaryOperator<MachineSnapshot> change) {
        note(machine, change).ifPresent(this::publish);
    }

    /// The same, but for telling the queue, which the caller has to do next, with no lock held.
    ///
    /// @param change asks nobody that takes a lock
    /// @return empty if there is no such machine
    Optional<Change> note(String machine, UnaryOperator<MachineSnapshot> change) {
        lock.lock();
        try {
            return noted(current.get(machine), change);
        } finally {
            lock.unlock();
        }
    }

    /// @return empty if another link leads to the machine now, or none: this one says nothing of it any more
    Optional<Change> note(MachineLink link, UnaryOperator<MachineSnapshot> change) {
        lock.lock();
        try {
            return noted(of(link), change);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Optional<Change> noted(@Nullable RegisteredMachine machine, UnaryOperator<MachineSnapshot> change) {
        if (machine == null) return Optional.empty();
        var before = machine.snapshot();
        var after = change.apply(before);
        if (after.equals(before)) return Optional.of(new Change(before, before));
        var next = after.withVersion(++version);
        machine.set(next);
        return Optional.of(new Change(before, next));
    }

    /// Updates the queue, even if nothing changed: an earlier change may not have reached it yet.
    void publish(Change change) {
        queue.update(change.after());
    }

    /// Lets a machine finish what it has and gives it no more, or ends that. So it stays for whatever has that name.
    ///
    /// @return whether there is such a machine
    boolean drain(String machine, boolean drain) {
        Optional<Change> change;
        lock.lock();
        try {
            if (drain) drained.add(machine);
            else drained.remove(machine);
            change = noted(current.get(machine), snapshot -> snapshot.withDrained(drain));
        } finally {
            lock.unlock();
        }
        change.ifPresent(this::publish);
        return change.isPresent();
    }

    /// The history may have learned something of a machine, or it may be up now, or not any more.
    void learn(String machine) {
        change(machine, snapshot -> snapshot.withFacts(learned(machine, snapshot.facts())));
    }

    /// A machine has said what it is, and so what the others of its pool are that have not said it.
    ///
    /// @return false if another link leads to the machine now, or none
    boolean describe(MachineLink link, MachineDescription said, Instant at) {
        var there = of(link);
        if (there == null) return false;
        descriptions.put(there.stated(), said, at);
        for (var other : all())
            if (other != there && !other.snapshot().machine().isDescribed()) describe(other);
        return describe(there);
    }

    private boolean describe(RegisteredMachine registered) {
        var link = registered.link();
        var change = note(link, snapshot -> {
            var machine = descriptions.applied(registered.stated());
            link.describe(machine);
            return snapshot.withMachine(machine);
        });
        change.ifPresent(this::publish);
        return change.isPresent();
    }

    private MachineFacts learned(String machine, MachineFacts facts) {
        return facts.withSpeed(history.effectiveSpeed(machine))
                .withBandwidth(history.bandwidth(machine))
                .withBoot(boots.apply(machine));
    }

    // ---- another state of the settings

    /// Makes these the machines, also of the queue. A machine that is reached as before keeps its link, and what is
    /// known of it; of any other nothing is known but what the history has learned, and whether it is drained.
    ///
    /// @param keep whether links may be kept at all
    /// @param make a new link to a machine; contacts nobody. If it fails, nothing has changed
    /// @return names of the machines that the links before led to, and no link or another one does now
    Set<String> replace(Collection<Machine> machines, boolean keep, Function<Machine, MachineLink> make) {
        replacing.lock();
        try {
            var links = links(machines, keep, make);
            // Nothing fails from here on.
            var left = linksOtherThan(new HashSet<>(links.values()));
            retired.removeIf(MachineLink::isClosed);
            retired.addAll(left);
            history.setMachines(machines);
            var snapshots = publish(machines, links);
            queue.replace(snapshots);
            publishWhatChangedSince(snapshots);
            left.forEach(MachineLink::retire);
            return left.stream().map(link -> link.machine().name()).collect(Collectors.toSet());
        } finally {
            replacing.unlock();
        }
    }

    private Map<String, MachineLink> links(
            Collection<Machine> machines, boolean keep, Function<Machine, MachineLink> make) {
        var links = new LinkedHashMap<String, MachineLink>();
        for (var machine : machines) {
            var known = current.get(machine.name());
            boolean kept = keep && known != null && known.link().leadsTo(machine);
            links.put(machine.name(), kept && known != null ? known.link() : make.apply(machine));
        }
        return links;
    }

    private List<MachineSnapshot> publish(Collection<Machine> machines, Map<String, MachineLink> links) {
        var snapshots = new ArrayList<MachineSnapshot>();
        lock.lock();
        try {
            var next = new LinkedHashMap<String, RegisteredMachine>();
            for (var machine : machines) {
                var registered = described(machine, Objects.requireNonNull(links.get(machine.name())));
                next.put(machine.name(), registered);
                snapshots.add(registered.snapshot());
            }
            current = Collections.unmodifiableMap(next);
        } finally {
            lock.unlock();
        }
        return snapshots;
    }

    @GuardedBy("lock")
    private RegisteredMachine described(Machine stated, MachineLink link) {
        var machine = descriptions.applied(stated);
        var known = of(link);
        var facts = known == null
                ? MachineFacts.asConfigured(machine)
                : known.snapshot().facts();
        var health = known == null ? MachineHealth.GOOD : known.snapshot().health();
        var snapshot = new MachineSnapshot(
                ++version, machine, learned(machine.name(), facts), health, drained.contains(machine.name()));
        link.describe(machine);
        if (known == null) return new RegisteredMachine(link, stated, snapshot);
        known.set(stated, snapshot);
        return known;
    }

    /// What changed before the queue knew a new machine reached nobody. What changes from now on finds it there.
    private void publishWhatChangedSince(List<MachineSnapshot> published) {
        for (var before : published) {
            var now = snapshot(before.name());
            if (now.isPresent() && before.isEarlierThan(now.get())) queue.update(now.get());
        }
    }

    private List<MachineLink> linksOtherThan(Set<MachineLink> kept) {
        return all().stream()
                .map(RegisteredMachine::link)
                .filter(link -> !kept.contains(link))
                .toList();
    }

    @Override
    public void close() {
        for (var machine : current.values()) machine.link().close();
        for (var link : retired) link.close();
    }
}
