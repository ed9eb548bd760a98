package dispatcher.machine.provider;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
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
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/// All machines on demand: what starts and stops each, whatever connections there are to it. A machine that is
/// started as before keeps that when the settings change; one that is not is stopped when its last use ends.
///
/// Safe for any thread. The lock is held while links are made, which contacts nobody.
public final class MachinesOnDemand implements AutoCloseable {
    private static final Duration ROUND = Duration.ofSeconds(1);

    private final InstantSource clock;
    private final Providers providers;
    private final Thread watch = SteadyThread.unstarted("machines on demand", this::looksAgain);
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, MachineLifecycle> current = new HashMap<>();

    /// Not wanted any more, and perhaps running still.
    @GuardedBy("lock")
    private final List<MachineLifecycle> retired = new ArrayList<>();

    @GuardedBy("lock")
    private boolean started;

    @GuardedBy("lock")
    private boolean closed;

    public MachinesOnDemand(InstantSource clock, Providers providers) {
        this.clock = clock;
        this.providers = providers;
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
                    machine.name(), providers.of(machine, events::add), goal, clock, Thread::sleep, events);
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

    private static boolean isStartedAsBefore(MachineLifecycle before, OnDemand now) {
        return before.goal().settings().provider().equals(now.provider());
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
        } finally {
            lock.unlock();
        }
        left.forEach(MachineLifecycle::retire);
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

    /// Finds those that run already, and stops those that are idle.
    void look() {
        List<MachineLifecycle> all;
        lock.lock();
        try {
            retired.removeIf(MachineLifecycle::isOver);
            all = new ArrayList<>(current.values());
            all.addAll(retired);
        } finally {
            lock.unlock();
        }
        for (var lifecycle : all) {
            lifecycle.lookForIt();
            lifecycle.stopIfDue();
        }
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
