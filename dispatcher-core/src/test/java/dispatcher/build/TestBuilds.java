package dispatcher.build;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.build.log.LogKeeper;
import dispatcher.build.placement.PlacementKeeper;
import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Expectations;
import dispatcher.build.request.Foresight;
import dispatcher.build.request.ResourceRules;
import dispatcher.history.History;
import dispatcher.machine.Machine;
import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.machine.registry.Refusals;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.session.RecordingListener;
import dispatcher.session.TestFleet;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.store.Verify;
import dispatcher.store.verify.KnownPaths;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.RecordingLog;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Builds before fake machines, without clients and sessions: their inputs are in one fake store, and the test says
/// which outputs are there already.
final class TestBuilds implements AutoCloseable {
    private static final ClientIdentity CLIENT = ClientIdentity.ofUser("dev", ClientGrant.DEFAULT);

    private final FakeStore store = new FakeStore();
    private final Set<StorePath> onMachines = new HashSet<>();
    private final ManualClock clock = new ManualClock();
    private final RecordingListener events = new RecordingListener();
    private final RecordingLog log = new RecordingLog();
    private final BuildQueue queue;
    private final KnownPaths known = KnownPaths.of(new Locations(), StoreDir.NIX_STORE, List.of());
    private final MachineRegistry machines;
    private final Builds builds;
    private boolean recovers;
    private int recoveries;
    private int forks;

    TestBuilds(FakeMachine... fakes) {
        var described = Stream.of(fakes).map(FakeMachine::machine).toList();
        this.queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);
        var limits = new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1));
        var waiting = new MachineRegistry.Limits(Duration.ofMinutes(1), Duration.ZERO, Pressure.Limits.DEFAULT);
        this.machines = new MachineRegistry(
                described,
                waiting,
                (machine, _) -> new MachineLink(
                        machine, transport(machine, fakes), StoreDir.NIX_STORE, limits, clock.nanoTime()),
                queue,
                new History(History.DEFAULT_DURATION, clock),
                events,
                clock,
                clock.nanoTime());
        var requests = new BuildRequestFactory(Expectations.NONE, ResourceRules.NONE, known.locations(), known.sizes());
        this.builds = new Builds(
                new BuildEnvironment(machines, known, events, LogKeeper.NONE, PlacementKeeper.NONE, clock.nanoTime()),
                queue,
                requests,
                new Foresight(machines, queue),
                new RetryPolicy(3, BuildOptions.DEFAULT, Stragglers.OFF),
                clock);
    }

    private static FakeMachine transport(Machine machine, FakeMachine... fakes) {
        return Stream.of(fakes)
                .filter(fake -> fake.machine().equals(machine))
                .findFirst()
                .orElseThrow();
    }

    /// Where the inputs are.
    FakeStore store() {
        return store;
    }

    /// Machines have this output already.
    void isOnMachines(StorePath output) {
        onMachines.add(output);
    }

    /// Lost inputs are got back from now on, which does not bring them into the store.
    void recovers() {
        recovers = true;
    }

    int recoveries() {
        return recoveries;
    }

    /// Inputs for other threads that have not been closed.
    int openForks() {
        return forks;
    }

    Builds builds() {
        return builds;
    }

    KnownPaths known() {
        return known;
    }

    /// Whether a machine is not set aside.
    boolean isUp(String machine) {
        return machines.isUp(machine);
    }

    RecordingListener events() {
        return events;
    }

    RecordingLog log() {
        return log;
    }

    BuildOutcome build(TestFleet.Drv drv) throws InterruptedException {
        return builds.run(new BuildOrder(
                CLIENT, 1, drv.path(), drv.derivation(), BuildOptions.DEFAULT, new Inputs(), new Outputs(), log));
    }

    /// One attempt on a machine, without a slot.
    AttemptResult attempt(TestFleet.Drv drv, FakeMachine machine) throws Exception {
        try (var asking = builds.askers().ask(drv.path(), CLIENT);
                var use = machines.use(machine.name()).orElseThrow()) {
            var job = new BuildJob(
                    builds.environment(),
                    1,
                    drv.path(),
                    drv.derivation(),
                    BuildOptions.DEFAULT,
                    asking,
                    Refusals.Needs.of(drv.derivation()));
            return new Attempt(job, new Inputs(), use.link(), log).run();
        }
    }

    int waiting() {
        return queue.snapshot().waiting().size();
    }

    int slotsTaken() {
        return queue.snapshot().machines().stream()
                .mapToInt(MachineView::slotsTaken)
                .sum();
    }

    @Override
    public void close() {
        machines.close();
    }

    private final class Outputs implements OutputLookup {
        @Override
        public boolean areOnMachines(Collection<StorePath> outputs) {
            return onMachines.containsAll(outputs);
        }

        @Override
        public boolean canBeFetched(Collection<StorePath> outputs) {
            return true;
        }
    }

    private final class Inputs implements BuildInputs.Fork {
        @Override
        public boolean substitutes() {
            return false;
        }

        @Override
        public Optional<PathInfo> info(StorePath path) throws IOException {
            return store.queryPathInfo(path);
        }

        @Override
        public Map<StorePath, PathInfo> knownInfos(Collection<StorePath> paths)
                throws IOException, InterruptedException {
            return store.queryPathInfos(paths);
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
            return store.narFromPath(path, verify, sink);
        }

        @Override
        public Optional<String> unproven(Collection<StorePath> paths) {
            return Optional.empty();
        }

        @Override
        public boolean recover(Collection<StorePath> paths, String reason) {
            recoveries++;
            return recovers;
        }

        @Override
        public void dropBrokenOff() {}

        @Override
        public Fork fork() {
            forks++;
            return new Inputs();
        }

        @Override
        public void close() {
            forks--;
        }
    }
}
