package dispatcher.machine.registry;

import static java.util.Objects.requireNonNull;

import dispatcher.event.DispatcherListener;
import dispatcher.history.History;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.load.PressureListener;
import dispatcher.nix.StoreDir;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.session.RecordingListener;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// A registry of machines in memory, and the queue that it updates. Nobody looks whether a machine works that is set
/// aside.
final class TestRegistry implements AutoCloseable {
    private final ManualClock clock = new ManualClock();
    private final BuildQueue queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);
    private final History history = new History(History.DEFAULT_DURATION, clock);
    private final RecordingListener events = new RecordingListener();

    /// By machine, who wants to know how the newest link finds it to be doing.
    private final Map<String, PressureListener> samples = new ConcurrentHashMap<>();

    private final Map<String, FakeMachine> machines = new ConcurrentHashMap<>();
    private final Map<String, Boot> boots = new ConcurrentHashMap<>();
    private volatile boolean isBroken;
    private final MachineRegistry registry;

    TestRegistry(Machine... machines) {
        this(DescriptionStore.NONE, machines);
    }

    TestRegistry(DescriptionStore store, Machine... machines) {
        registry = new MachineRegistry(
                List.of(machines),
                limits(Pressure.Limits.DEFAULT),
                this::linkTo,
                queue,
                history,
                store,
                machine -> boots.getOrDefault(machine, Boot.UP),
                events,
                clock,
                clock.nanoTime(),
                _ -> new CountDownLatch(1).await());
    }

    private static MachineRegistry.Limits limits(Pressure.Limits pressure) {
        return new MachineRegistry.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1), pressure);
    }

    private MachineLink linkTo(Machine machine, PressureListener pressure) {
        if (isBroken) throw new IllegalStateException("no link to " + machine.name());
        samples.put(machine.name(), pressure);
        return new MachineLink(
                machine,
                machines.computeIfAbsent(machine.name(), _ -> new FakeMachine(machine)),
                StoreDir.NIX_STORE,
                new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                clock.nanoTime());
    }

    /// Asks these machines in its own way, on demand.
    Describer describer(DispatcherListener listener, InstantSource asked, Describer.Prober prober) {
        return registry.describer(listener, asked, prober);
    }

    /// What stands behind the links to it.
    FakeMachine machine(String name) {
        return Objects.requireNonNull(machines.get(name));
    }

    MachineRegistry registry() {
        return registry;
    }

    BuildQueue queue() {
        return queue;
    }

    History history() {
        return history;
    }

    RecordingListener events() {
        return events;
    }

    /// No link can be made from now on.
    void breakLinks() {
        isBroken = true;
    }

    void boot(String machine, Boot now) {
        boots.put(machine, now);
        registry.bootChanged(machine);
    }

    /// As settings do that are read again.
    void replace(Machine... machines) {
        registry.replace(List.of(machines), limits(Pressure.Limits.DEFAULT), true, this::linkTo);
    }

    /// Settings that say nothing else than another least room on disks, in bytes.
    void limitDisk(long bytes) {
        registry.replace(
                registry.machines(), limits(new Pressure.Limits(bytes, Double.POSITIVE_INFINITY)), true, this::linkTo);
    }

    void sampled(String machine, Pressure pressure) {
        requireNonNull(samples.get(machine)).sampled(machine, pressure);
    }

    void unknown(String machine) {
        requireNonNull(samples.get(machine)).unknown(machine);
    }

    MachineLink link(String machine) {
        try (var use = registry.use(machine).orElseThrow()) {
            return use.link();
        }
    }

    /// As the queue has it.
    MachineView inQueue(String machine) {
        return queue.snapshot().machines().stream()
                .filter(view -> view.machine().name().equals(machine))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        registry.close();
    }
}
