package dispatcher.session;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.access.ClientLimits;
import dispatcher.access.UploadLimits;
import dispatcher.build.BuildEnvironment;
import dispatcher.build.Builds;
import dispatcher.build.RetryPolicy;
import dispatcher.build.Stragglers;
import dispatcher.build.log.LogKeeper;
import dispatcher.build.placement.PlacementKeeper;
import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Expectations;
import dispatcher.build.request.Foresight;
import dispatcher.build.request.Prospect;
import dispatcher.build.request.ResourceRules;
import dispatcher.history.History;
import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.Pressure;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.registry.DescriptionStore;
import dispatcher.machine.registry.MachineRegistry;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.worker.NixVersions;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolLimits;
import dispatcher.store.verify.KnownPaths;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/// A whole dispatcher before fake machines, with clients that talk to it in memory. When it is closed, nothing
/// may be left of what it did: no slot taken, no path pinned, no channel to a machine open, no conversation going
/// on.
public final class TestFleet implements AutoCloseable {
    /// Clients in memory pause for no longer than this while they send something that is refused.
    private static final Duration QUIET = Duration.ofMillis(200);

    private static final ClientIdentity LOCAL = ClientIdentity.ofUser("dev", ClientGrant.DEFAULT);
    private static final ClientIdentity REMOTE = remoteClient(ClientGrant.DEFAULT);

    private static ClientIdentity remoteClient(ClientGrant grant) {
        return ClientIdentity.ofKey("ci", "10.0.0.3:51234", "SHA256:ci", grant);
    }

    private final Plan plan;
    private final List<FakeMachine> machines;
    private final ManualClock clock = new ManualClock();
    private final RecordingListener events = new RecordingListener();
    private final Spool spool;
    private final BuildQueue queue;
    private final MachineRegistry registry;
    private final Sessions sessions;
    private final ClientConversations conversations;
    private final List<TestClient> clients = new CopyOnWriteArrayList<>();

    /// How a dispatcher is to be set up.
    public static final class Plan {
        private final Path spoolDir;
        private Optional<FakeMachine> host = Optional.empty();
        private Duration handshakeLimit = Duration.ofMinutes(1);
        private Optional<NixSecretKey> signingKey = Optional.empty();
        private Duration answerLimit = Duration.ofMinutes(1);
        private List<NixPublicKey> trustedKeys = List.of();
        private ClientLimits limits = ClientLimits.DEFAULT;
        private Locations locations = new Locations();
        private int maxAttempts = 3;
        private Duration unavailable = Duration.ZERO;
        private BuildOptions buildLimits = BuildOptions.DEFAULT;
        private long spoolBytes = 1 << 26;
        private Stragglers stragglers = Stragglers.OFF;
        private Expectations expectations = Expectations.NONE;
        private ResourceRules resources = ResourceRules.NONE;

        private Plan(Path spoolDir) {
            this.spoolDir = spoolDir;
        }

        /// The host has a store of its own.
        public Plan host(FakeMachine newHost) {
            host = Optional.of(newHost);
            return this;
        }

        public Plan handshakeLimit(Duration limit) {
            handshakeLimit = limit;
            return this;
        }

        public Plan signingKey(NixSecretKey key) {
            signingKey = Optional.of(key);
            return this;
        }

        public Plan answerLimit(Duration limit) {
            answerLimit = limit;
            return this;
        }

        /// What an earlier dispatcher has learned.
        public Plan locations(Locations known) {
            locations = known;
            return this;
        }

        public Plan limits(ClientLimits newLimits) {
            limits = newLimits;
            return this;
        }

        public Plan trusting(NixPublicKey key) {
            trustedKeys = List.of(key);
            return this;
        }

        public Plan maxAttempts(int attempts) {
            maxAttempts = attempts;
            return this;
        }

        /// How long builds wait for machines that are set aside; not at all unless given.
        public Plan unavailable(Duration limit) {
            unavailable = limit;
            return this;
        }

        /// What the settings say for clients that set no limits.
        public Plan buildLimits(BuildOptions options) {
            buildLimits = options;
            return this;
        }

        /// Builds that have taken this many times what was expected are begun a second time, as soon as
        /// the clock says so.
        public Plan stragglers(double factor) {
            stragglers = new Stragglers(factor, Duration.ofMinutes(1), Duration.ofMillis(1));
            return this;
        }

        /// What builds take of machines.
        public Plan resources(ResourceRules rules) {
            resources = rules;
            return this;
        }

        /// What builds are expected to take.
        public Plan expecting(Expectations known) {
            expectations = known;
            return this;
        }

        /// What builds are expected to take.
        public Plan expecting(Work work) {
            expectations = new Expectations() {
                @Override
                public Work work(PackageName name, String system) {
                    return work;
                }

                @Override
                public OptionalLong peakMemory(PackageName name, String system) {
                    return OptionalLong.empty();
                }
            };
            return this;
        }

        public Plan spoolBytes(long bytes) {
            spoolBytes = bytes;
            return this;
        }

        public TestFleet start(FakeMachine... machines) throws IOException {
            return new TestFleet(this, List.of(machines));
        }
    }

    public static Plan plan(Path spoolDir) {
        return new Plan(spoolDir);
    }

    private TestFleet(Plan plan, List<FakeMachine> machines) throws IOException {
        this.plan = plan;
        this.machines = new CopyOnWriteArrayList<>(machines);
        this.spool = Spool.open(plan.spoolDir, StoreDir.NIX_STORE, SpoolLimits.of(plan.spoolBytes));
        this.queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);
        var hostStore = plan.host.map(host -> new StorePool(
                () -> new WorkerClient(host.open("nix-daemon --stdio"), StoreDir.NIX_STORE, "host"), clock.nanoTime()));
        var known = KnownPaths.of(plan.locations, StoreDir.NIX_STORE, plan.trustedKeys);
        this.registry = new MachineRegistry(
                machines.stream().map(FakeMachine::machine).toList(),
                limits(),
                (machine, _) -> link(machine, machines),
                queue,
                new History(History.DEFAULT_DURATION, clock),
                DescriptionStore.NONE,
                this::boot,
                events,
                clock,
                clock.nanoTime());
        var foresight = new Foresight(registry, queue);
        var builds = new Builds(
                new BuildEnvironment(registry, known, events, LogKeeper.NONE, PlacementKeeper.NONE, clock.nanoTime()),
                queue,
                new BuildRequestFactory(plan.expectations, plan.resources, plan.locations, known.sizes()),
                foresight,
                new RetryPolicy(plan.maxAttempts, plan.buildLimits, plan.stragglers),
                clock);
        this.sessions = new Sessions(new SessionContext(
                StoreDir.NIX_STORE, spool, hostStore, registry, known, builds, foresight, events, clock.nanoTime()));
        this.conversations = new ClientConversations(
                sessions, "test", plan.trustedKeys, plan.signingKey, plan.limits, UploadLimits.DEFAULT, QUIET);
    }

    private MachineRegistry.Limits limits() {
        return new MachineRegistry.Limits(Duration.ofMinutes(1), plan.unavailable, Pressure.Limits.DEFAULT);
    }

    private MachineLink link(Machine machine, Collection<FakeMachine> fakes) {
        return new MachineLink(
                machine,
                fakes.stream()
                        .filter(fake -> fake.machine().equals(machine))
                        .findFirst()
                        .orElseThrow(),
                StoreDir.NIX_STORE,
                new MachineLink.Limits(plan.handshakeLimit, plan.answerLimit),
                clock.nanoTime());
    }

    /// Makes these the machines, as settings do that are read again.
    public void replaceMachines(FakeMachine... now) {
        for (var machine : now) if (!machines.contains(machine)) machines.add(machine);
        var wanted = Stream.of(now).map(FakeMachine::machine).toList();
        registry.replace(wanted, limits(), true, (machine, _) -> link(machine, List.of(now)));
    }

    private Boot boot(String machine) {
        return machines.stream()
                .filter(fake -> fake.name().equals(machine))
                .map(FakeMachine::boot)
                .findFirst()
                .orElse(Boot.UP);
    }

    /// What happens to machines.
    public MachineRegistry registry() {
        return registry;
    }

    /// Names of the machines that there are.
    public List<String> machines() {
        return queue.snapshot().machines().stream()
                .map(view -> view.machine().name())
                .toList();
    }

    public TestClient local(ClientProtocol protocol) throws IOException {
        return connect(protocol, LOCAL);
    }

    public TestClient remote(ClientProtocol protocol) throws IOException {
        return connect(protocol, REMOTE);
    }

    /// A client with a key of its own.
    public TestClient remote(ClientProtocol protocol, String key, ClientGrant grant) throws IOException {
        return connect(protocol, ClientIdentity.ofKey(key, "10.0.0.4:51234", "SHA256:" + key, grant));
    }

    public TestClient local(ClientProtocol protocol, ClientGrant grant) throws IOException {
        return connect(protocol, ClientIdentity.ofUser("guest", grant));
    }

    public TestClient remote(ClientProtocol protocol, ClientGrant grant) throws IOException {
        return connect(protocol, remoteClient(grant));
    }

    /// One that wants its builds to go to that machine only.
    public TestClient onMachine(ClientProtocol protocol, String machine) throws IOException {
        return connect(protocol, REMOTE.onMachine(machine));
    }

    /// One of Nix 2.34, which names realisations by the hashes of derivations.
    public TestClient of234(ClientGrant grant) throws IOException {
        var client = new TestClient(
                conversations,
                ClientProtocol.WORKER,
                remoteClient(grant),
                true,
                channel -> NixVersions.clientOf234(channel, "the dispatcher"));
        clients.add(client);
        return client;
    }

    /// One whose key lets it ask and fetch, and do nothing else.
    public TestClient looking() throws IOException {
        var client = new TestClient(conversations, ClientProtocol.SERVE, REMOTE, false);
        clients.add(client);
        return client;
    }

    /// What stands behind a client, which can do with it what no protocol lets a client do.
    public ClientSession session() {
        return sessions.open(LOCAL, 0, 0, List.of());
    }

    private TestClient connect(ClientProtocol protocol, ClientIdentity identity) throws IOException {
        var client = new TestClient(conversations, protocol, identity);
        clients.add(client);
        return client;
    }

    public RecordingListener events() {
        return events;
    }

    public BuildQueue queue() {
        return queue;
    }

    public Prospect prospect(Drv drv) throws IOException, InterruptedException {
        return sessions.prospect(drv.path(), drv.derivation());
    }

    /// Looks for clients that have stopped, as it does every few seconds.
    public void lookForStalled() {
        sessions.doChores();
    }

    /// What is in the spool.
    public Set<StorePath> spooled() {
        return Set.copyOf(spool.queryAllValidPaths());
    }

    public ManualClock clock() {
        return clock;
    }

    public int running() {
        return queue.snapshot().machines().stream()
                .mapToInt(MachineView::slotsTaken)
                .sum();
    }

    public int failures(FakeMachine machine) {
        return health(machine).failures();
    }

    /// What went wrong there last.
    public String trouble(FakeMachine machine) {
        return health(machine).lastError();
    }

    private MachineHealth health(FakeMachine machine) {
        return queue.snapshot().machines().stream()
                .filter(view -> view.machine().name().equals(machine.name()))
                .findFirst()
                .orElseThrow()
                .health();
    }

    /// Time has passed: those who wait look again.
    public void look() throws InterruptedException {
        queue.submit(new BuildRequest(FakeStore.path("nobody.drv"), "none", new TreeSet<>()), Set.of())
                .await();
    }

    /// A derivation with its path.
    public record Drv(StorePath path, BasicDerivation derivation) {
        /// Where its only output goes.
        public StorePath out() {
            return derivation.outputs().values().iterator().next().path().orElseThrow();
        }

        public Drv requiring(String features) {
            return with("requiredSystemFeatures", features);
        }

        public Drv reading(StorePath... inputs) {
            return new Drv(path, derivation.withInputs(Set.of(inputs)));
        }

        public Drv with(String attribute, String value) {
            var environment = new TreeMap<>(derivation.environment());
            environment.put(ByteString.of(attribute), ByteString.of(value));
            return new Drv(
                    path,
                    new BasicDerivation(
                            derivation.outputs(),
                            derivation.inputSources(),
                            derivation.platform(),
                            derivation.builder(),
                            derivation.arguments(),
                            environment));
        }

        public Drv with(DerivationOutput out) {
            return new Drv(
                    path,
                    new BasicDerivation(
                            new TreeMap<>(Map.of("out", out)),
                            derivation.inputSources(),
                            derivation.platform(),
                            derivation.builder(),
                            derivation.arguments(),
                            derivation.environment()));
        }
    }

    /// An input-addressed derivation with the output `name`.
    public static Drv drv(String name, StorePath... inputs) {
        SortedMap<String, DerivationOutput> outputs = new TreeMap<>();
        outputs.put("out", new DerivationOutput.InputAddressed(FakeStore.path(name)));
        return new Drv(
                FakeStore.path(name + ".drv"),
                new BasicDerivation(
                        outputs,
                        Set.of(inputs),
                        "x86_64-linux",
                        ByteString.of("/bin/sh"),
                        List.of(ByteString.of("-c"), ByteString.of("make")),
                        new TreeMap<>(Map.of(ByteString.of("name"), ByteString.of(name)))));
    }

    @Override
    public void close() {
        for (var client : clients) client.leave();
        assertThat(queue.snapshot().waiting()).as("builds that wait").isEmpty();
        assertThat(running()).as("slots taken").isZero();
        assertThat(spool.status().pinnedBytes()).as("bytes pinned in the spool").isZero();
        sessions.close();
        spool.close();
        var all = new ArrayList<>(machines);
        plan.host.ifPresent(all::add);
        for (var machine : all)
            Await.until("no channel to %s is open".formatted(machine.name()), () -> machine.open() == 0);
        events.requireWholeStories();
    }
}
