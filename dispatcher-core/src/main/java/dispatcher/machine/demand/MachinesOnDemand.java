package dispatcher.machine.demand;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.provider.Providers;
import dispatcher.thread.SteadyThread;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/// All machines on demand: what starts and stops each, whatever connections there are to it. A machine that is
/// started as before keeps that when the settings change; one that is not is stopped when its last use ends.
///
/// Safe for any thread. The lock is held while links are made, which contacts nobody.
public final class MachinesOnDemand implements AutoCloseable {
    private static final Duration ROUND = Duration.ofSeconds(1);

    private final InstantSource clock;
    private final Providers providers;
    private volatile Consumer<String> bootChanged = _ -> {};
    private final Thread watch = SteadyThread.unstarted("machines on demand", this::looksAgain);
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, MachineLifecycle> current = new HashMap<>();

    /// Not wanted any more, and perhaps running still.
    @GuardedBy("lock")
    private final List<MachineLifecycle> retired = new ArrayList<>();

    /// By the names of pools.
    @GuardedBy("lock")
    private final Map<String, BootTimes> poolBoots = new HashMap<>();

    private final Pools pools;

    @GuardedBy("lock")
    private boolean started;

    @GuardedBy("lock")
    private boolean closed;

    public MachinesOnDemand(InstantSource clock, Providers providers) {
        this.clock = clock;
        this.providers = providers;
        this.pools = new Pools(clock);
    }

    /// The way to a machine: as `connect` makes it, or one that starts the machine when it is used. Runs nothing.
    ///
    /// @param connect makes the way to where the machine is reached; contacts nobody
    public Transport transport(Machine machine, Function<MachineAddress, Transport> connect) {
        if (machine.onDemand().isEmpty()) return connect.apply(machine.address());
        var goal = new MachineLifecycle.Goal(
                machine.onDemand().get(), machine.address(), address -> greet(machine, connect, address));
        return new OnDemandTransport(lifecycle(machine, goal), connect);
    }

    /// A login there that starts what a conversation starts.
    private static void greet(Machine machine, Function<MachineAddress, Transport> connect, MachineAddress address)
            throws IOException, InterruptedException {
        try (var transport = connect.apply(address)) {
            transport.open(machine.command()).close();
        }
    }

    private MachineLifecycle lifecycle(Machine machine, MachineLifecycle.Goal goal) {
        Optional<MachineLifecycle> left = Optional.empty();
        MachineLifecycle next;
        lock.lock();
        try {
            var before = Optional.ofNullable(current.get(machine.name()));
            if (before.isPresent() && isStartedAsBefore(before.get(), goal.settings())) {
                before.get().change(goal);
                return before.get();
            }
            var events = new ProviderLog(clock);
            next = new MachineLifecycle(
                    machine.name(),
                    providers.of(machine, events::add),
                    goal,
                    clock,
                    Thread::sleep,
                    events,
                    bootTimes(goal));
            next.listen(new Announcer(machine.name()));
            current.put(machine.name(), next);
            left = before;
            left.ifPresent(retired::add);
            if (!started && !closed) watch.start();
            started = true;
        } finally {
            lock.unlock();
        }
        left.ifPresent(MachineLifecycle::retire);
        return next;
    }

    /// Machines of a pool are alike.
    @GuardedBy("lock")
    private BootTimes bootTimes(MachineLifecycle.Goal goal) {
        return goal.settings()
                .pool()
                .map(member -> poolBoots.computeIfAbsent(member.pool().name(), _ -> new BootTimes()))
                .orElseGet(BootTimes::new);
    }

    private static boolean isStartedAsBefore(MachineLifecycle before, OnDemand now) {
        return before.goal().settings().provider().equals(now.provider());
    }

    private final class Announcer implements MachineLifecycle.Listener {
        private final String machine;

        Announcer(String machine) {
            this.machine = machine;
        }

        @Override
        public void leave() {}

        @Override
        public void stops() {}

        @Override
        public void bootChanged() {
            bootChanged.accept(machine);
        }
    }

    /// Has `listener` called with the name of a machine whenever it is up, off or starting since just now, and once
    /// for each machine that there is. Called with no lock held, by any thread.
    ///
    /// @param listener replaces the one before
    public void onBootChange(Consumer<String> listener) {
        bootChanged = listener;
        List<String> names;
        lock.lock();
        try {
            names = List.copyOf(current.keySet());
        } finally {
            lock.unlock();
        }
        names.forEach(listener);
    }

    /// Whether a machine is up, and how long it takes until it is. One that is not on demand is.
    public Boot boot(String machine) {
        return of(machine).map(MachineLifecycle::boot).orElse(Boot.UP);
    }

    /// Makes these the machines. Those that are gone, or not on demand any more, are stopped when their last use
    /// ends. Links to the others have been made before.
    public void replace(Collection<Machine> machines) {
        var wanted = new HashMap<String, OnDemand>();
        for (var machine : machines) machine.onDemand().ifPresent(it -> wanted.put(machine.name(), it));
        var left = new ArrayList<MachineLifecycle>();
        lock.lock();
        try {
            current.values().removeIf(lifecycle -> {
                var now = Optional.ofNullable(wanted.get(lifecycle.machine()));
                now.ifPresent(settings -> lifecycle.change(new MachineLifecycle.Goal(
                        settings,
                        lifecycle.goal().configured(),
                        lifecycle.goal().probe())));
                if (now.isEmpty()) left.add(lifecycle);
                return now.isEmpty();
            });
            retired.addAll(left);
            poolBoots.keySet().retainAll(poolsOf(wanted.values()));
        } finally {
            lock.unlock();
        }
        left.forEach(MachineLifecycle::retire);
    }

    private static Set<String> poolsOf(Collection<OnDemand> machines) {
        return machines.stream()
                .flatMap(machine -> machine.pool().stream())
                .map(member -> member.pool().name())
                .collect(Collectors.toSet());
    }

    /// Wants to know which builds begin where.
    public DispatcherListener counting() {
        return new BuildCounter(this);
    }

    /// Empty if there is no such machine, or it is not on demand.
    public Optional<MachineLifecycle> of(String machine) {
        lock.lock();
        try {
            return Optional.ofNullable(current.get(machine));
        } finally {
            lock.unlock();
        }
    }

    private boolean looksAgain() throws InterruptedException {
        look();
        Thread.sleep(ROUND);
        return true;
    }

    /// Finds those that run already, tends the pools, and stops those that are idle.
    void look() {
        List<MachineLifecycle> wanted;
        List<MachineLifecycle> all;
        lock.lock();
        try {
            retired.removeIf(MachineLifecycle::isOver);
            wanted = List.copyOf(current.values());
            all = new ArrayList<>(wanted);
            all.addAll(retired);
        } finally {
            lock.unlock();
        }
        all.forEach(MachineLifecycle::lookForIt);
        pools.tend(wanted);
        all.forEach(MachineLifecycle::stopIfDue);
    }

    /// Leaves running what runs.
    @Override
    public void close() {
        List<MachineLifecycle> all;
        lock.lock();
        try {
            closed = true;
            all = new ArrayList<>(current.values());
            all.addAll(retired);
        } finally {
            lock.unlock();
        }
        watch.interrupt();
        all.forEach(MachineLifecycle::close);
    }
}
