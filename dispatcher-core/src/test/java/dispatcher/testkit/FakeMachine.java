package dispatcher.testkit;

import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress;
import dispatcher.nix.Hash;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.StorePaths;
import dispatcher.protocol.serve.ServeServer;
import dispatcher.protocol.worker.NixVersions;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.NarSummary;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A machine in memory: each channel that is opened to it is served in its protocol, over pipes, from one store that
/// insists on order as a real one does: no path without its references, no build without its inputs.
///
/// The test breaks it as it likes. Closing it as a transport ends nothing that is open, so that a channel which
/// nobody closes is found. Safe for any thread.
public final class FakeMachine implements Transport {
    private final Machine machine;
    private final FakeStore store = new FakeStore();
    private final Map<MemoryConnection, Optional<PinningStore>> connections = new ConcurrentHashMap<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final Set<MemoryConnection> building = ConcurrentHashMap.newKeySet();
    private final AtomicInteger mostRunning = new AtomicInteger();
    private final List<StorePath> received = new CopyOnWriteArrayList<>();
    private final List<StorePath> built = new CopyOnWriteArrayList<>();
    private volatile @Nullable String refusal;
    private volatile UnaryOperator<Store> lie = store -> store;
    private volatile UnaryOperator<OutputStream> tamper = out -> out;
    private volatile @Nullable String sample;
    private volatile boolean closed;
    private volatile Optional<String> address = Optional.empty();
    private volatile boolean silent;
    private volatile int padding;
    private volatile int bugAt;
    private volatile RuntimeException bug = new IllegalStateException();
    private volatile boolean exclusive;
    private volatile String waitingWords = "";
    private volatile boolean isNew;
    private final AtomicInteger greeting = new AtomicInteger();
    private final AtomicBoolean silentOnce = new AtomicBoolean();
    private volatile boolean old;
    private volatile boolean rationed;
    private volatile Boot boot = Boot.UP;
    private final Gate start = new Gate();
    private final Semaphore alone = new Semaphore(1);
    private volatile @Nullable Gate uploadGate;
    private volatile FakeStore.Builder builder = this::makeOutputs;

    public FakeMachine(Machine machine) {
        this.machine = machine;
    }

    /// An `x86_64-linux` machine that speaks the worker protocol.
    public static FakeMachine named(String name, int maxJobs) {
        return new FakeMachine(Machines.machine(name, maxJobs, 1));
    }

    /// The same machine, in the serve protocol.
    public FakeMachine overServe() {
        return new FakeMachine(new Machine(
                machine.name(),
                machine.address(),
                MachineProtocol.SSH,
                machine.systems(),
                machine.maxJobs(),
                machine.speedFactor(),
                machine.supportedFeatures(),
                machine.mandatoryFeatures()));
    }

    public Machine machine() {
        return machine;
    }

    public String name() {
        return machine.name();
    }

    /// What is on its disk; the test may add to it.
    public FakeStore store() {
        return store;
    }

    // ---- switches

    /// Nobody gets in any more; who is in stays.
    public void refuse(String reason) {
        refusal = reason;
    }

    /// All connections break, and nobody gets in any more.
    public void die(String reason) {
        refuse(reason);
        cutConnections();
    }

    /// All connections break; new ones are welcome, as after a quick restart.
    public void restart() {
        cutConnections();
        refusal = null;
    }

    private void cutConnections() {
        for (var connection : connections.keySet()) connection.close();
    }

    /// Makes the channel after this many more fail to open, as a bug of ours would.
    public void breakOpen(int after, RuntimeException newBug) {
        bug = newBug;
        bugAt = opened.get() + after + 1;
    }

    /// Connections lead to this address once there was one. The machine does not reveal what else runs there.
    public FakeMachine at(String newAddress) {
        address = Optional.of(newAddress);
        return this;
    }

    /// From now on channels open, and then nothing is said in them.
    public void staySilent() {
        silent = true;
    }

    /// From now on it speaks as Nix 2.34 does, which names realisations by the hashes of derivations.
    public FakeMachine speakingAs234() {
        old = true;
        return this;
    }

    /// From now on nothing is said in a channel before all earlier ones have ended.
    public void answerOneAtATime() {
        answerOneAtATime("");
    }

    /// The same; those that wait say so on standard error.
    ///
    /// @param words a line, or nothing
    public void answerOneAtATime(String words) {
        exclusive = true;
        waitingWords = words;
    }

    /// The store is new: the first answer to a question makes it. Of conversations that begin before, all but one
    /// wait until all others have ended.
    public FakeMachine withNewStore() {
        isNew = true;
        return this;
    }

    /// In the channel that comes next, nothing is said.
    public void staySilentOnce() {
        silentOnce.set(true);
    }

    /// It is reached over a limited uplink.
    public FakeMachine rationed() {
        rationed = true;
        return this;
    }

    /// How builds go from now on.
    public FakeMachine building(FakeStore.Builder newBuilder) {
        builder = newBuilder;
        return this;
    }

    /// Every build ends like this, and makes nothing.
    public FakeMachine answering(BuildResult result) {
        return building((_, _, _, _) -> result);
    }

    /// Makes outputs larger by this many bytes from now on.
    public FakeMachine padding(int bytes) {
        padding = bytes;
        return this;
    }

    /// Builds begin and then wait; those who pass the gate make their outputs.
    public Gate holdBuilds() {
        var gate = new Gate();
        building((drvPath, derivation, options, log) -> {
            gate.pass();
            return makeOutputs(drvPath, derivation, options, log);
        });
        return gate;
    }

    /// Uploads begin, and then nobody reads them before the gate opens.
    public Gate holdUploads() {
        var gate = new Gate();
        uploadGate = gate;
        return gate;
    }

    /// The machine dies as soon as a build has begun.
    public FakeMachine dyingInBuilds(String reason) {
        return building((_, _, _, log) -> {
            log.line(ByteString.of("last words of " + name()));
            log.flush();
            die(reason);
            throw new IOException("died");
        });
    }

    /// Each output is the same file on all machines, a large one.
    public BuildResult makeEqual(BasicDerivation derivation) {
        for (var output : derivation.outputs().values()) {
            var path = output.path().orElseThrow();
            var tree = NarTree.file("made of %s ".formatted(path).repeat(50_000));
            store.with(PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()), tree);
        }
        return BuildResult.of(BuildStatus.BUILT, "");
    }

    /// Each output is a file that says where it was built; those without a path get one.
    public BuildResult makeOutputs(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log) {
        var realised = new TreeMap<String, Realisation>();
        derivation.outputs().forEach((name, output) -> {
            var text = "%s of %s, built on %s".formatted(name, drvPath, name());
            var tree = NarTree.file(text + "!".repeat(padding));
            var info = output.path()
                    .map(path -> PathInfo.of(path, tree.narHash(), tree.toNar().length, List.of()))
                    .orElseGet(() -> addressed(StorePaths.outputName(drvPath.derivationName(), name), tree));
            store.with(info, tree);
            if (output.path().isEmpty()) realised.put(name, Realisation.ofOutput(name, info.path()));
        });
        return BuildResult.of(BuildStatus.BUILT, "").withOutputs(realised);
    }

    /// A path that follows from its NAR, and refers to nothing.
    public static PathInfo addressed(String name, NarTree tree) {
        var hash = new Hash(HashAlgorithm.SHA256, tree.narHash().bytes());
        return new PathInfo(
                StorePaths.source(StoreDir.NIX_STORE, name, hash, List.of(), false),
                Optional.empty(),
                tree.narHash(),
                new TreeSet<>(),
                Instant.EPOCH,
                tree.toNar().length,
                false,
                new TreeSet<>(),
                Optional.of(new ContentAddress(ContentAddress.Method.NAR, hash)));
    }

    /// What it answers from now on when it is asked how it is doing; by default it is not to be asked.
    public FakeMachine doing(String newSample) {
        sample = newSample;
        return this;
    }

    /// What it says of its store from now on, in conversations that are opened then.
    public FakeMachine lying(UnaryOperator<Store> newLie) {
        lie = newLie;
        return this;
    }

    /// What becomes of the bytes that it says, in conversations that are opened from now on.
    public FakeMachine tampering(UnaryOperator<OutputStream> newTamper) {
        tamper = newTamper;
        return this;
    }

    // ---- what has happened

    /// Channels that were opened.
    public int opened() {
        return opened.get();
    }

    /// Channels that are open now.
    public int open() {
        return connections.size();
    }

    /// What it may not collect as garbage: for each conversation that is open, the paths that this pins.
    public List<Set<StorePath>> pinned() {
        return connections.values().stream()
                .flatMap(Optional::stream)
                .map(PinningStore::pinned)
                .toList();
    }

    /// Paths that were uploaded whole, in order.
    public List<StorePath> received() {
        return received;
    }

    /// Builds that were begun, in order.
    public List<StorePath> built() {
        return built;
    }

    /// Builds at once, at most. One whose connection broke has ended for everybody but its thread.
    public int mostRunning() {
        return mostRunning.get();
    }

    // ---- transport

    @Override
    public Optional<String> peer() {
        return opened.get() == 0 ? Optional.empty() : address;
    }

    @Override
    public CommandChannel open(String command) throws UnreachableException {
        var connection = new MemoryConnection();
        int number = opened.incrementAndGet();
        if (number == bugAt) throw bug;
        connections.put(connection, Optional.empty());
        var reason = refusal;
        if (reason != null) {
            connections.remove(connection);
            throw new UnreachableException(UnreachableException.Kind.REFUSED, reason, "start the machine");
        }
        boolean mute = silent || silentOnce.getAndSet(false);
        Thread.ofVirtual().name("fake machine " + name()).start(() -> serve(connection, mute));
        return connection.channel();
    }

    @Override
    public Optional<CommandChannel> openIfConnected(String command) {
        var answer = sample;
        if (answer == null || closed) return Optional.empty();
        var connection = new MemoryConnection();
        Thread.ofVirtual().name("sample of " + name()).start(() -> {
            try {
                connection.in().transferTo(OutputStream.nullOutputStream());
                connection.out().write(answer.getBytes(StandardCharsets.UTF_8));
                connection.out().flush();
            } catch (IOException e) {
                // The other side left.
            } finally {
                connection.exit(0);
            }
        });
        return Optional.of(connection.channel());
    }

    @Override
    public boolean isUp() {
        return boot.isUp();
    }

    @Override
    public boolean isOff() {
        return !isUp() && start.arrived() == 0;
    }

    @Override
    public void awaitUp() throws IOException, InterruptedException {
        if (isUp()) return;
        start.pass();
        var why = refusal;
        if (why != null) throw new IOException(why);
    }

    /// Whether it is up, for the registry.
    public Boot boot() {
        return boot;
    }

    /// It is off, and should take that long to start. Who needs it waits at the gate until [#comeUp].
    public Gate off(Duration takes) {
        boot = Boot.off(takes);
        return start;
    }

    /// Its start ends well, unless it refuses.
    public void comeUp() {
        boot = Boot.UP;
        start.open();
    }

    @Override
    public boolean isRationed() {
        return rationed;
    }

    private void serve(MemoryConnection connection, boolean mute) {
        boolean waits = exclusive || (isNew && greeting.getAndIncrement() > 0);
        if (waits && !waitingWords.isEmpty() && alone.availablePermits() == 0) say(connection, waitingWords);
        if (exclusive) alone.acquireUninterruptibly();
        else if (waits) Await.until("all others have ended", () -> connections.size() == 1);
        try {
            var in = new WireReader(connection.in());
            var out = new WireWriter(tamper.apply(connection.out()));
            var disk = new PinningStore(lie.apply(new Disk(connection)));
            connections.replace(connection, Optional.of(disk));
            if (mute) connection.in().transferTo(OutputStream.nullOutputStream());
            else if (machine.protocol() == MachineProtocol.SSH_NG)
                server(in, out, disk).run();
            else new ServeServer(in, out, connection.err(), disk, StoreDir.NIX_STORE).run();
        } catch (StoreRefusedException e) {
            say(connection, "error: " + e.getMessage());
        } catch (IOException | InterruptedException e) {
            // The other side left, or the test broke the connection.
        } finally {
            if (exclusive) alone.release();
            connections.remove(connection);
            connection.exit(0);
        }
    }

    private WorkerServer server(WireReader in, WireWriter out, Store disk) throws IOException {
        return old
                ? NixVersions.serverOf234(in, out, disk)
                : new WorkerServer(in, out, disk, StoreDir.NIX_STORE, "fake");
    }

    /// The last words of a program that speaks the serve protocol, which has no other way to refuse.
    private static void say(MemoryConnection connection, String words) {
        try {
            connection.err().write((words + "\n").getBytes(StandardCharsets.UTF_8));
            connection.err().flush();
        } catch (IOException e) {
            // Nobody listens.
        }
    }

    /// Whether it was closed as a transport.
    public boolean isClosed() {
        return closed;
    }

    /// Ends nothing that is open.
    @Override
    public void close() {
        closed = true;
        refuse("the transport is closed");
    }

    /// The store as one conversation sees it.
    private final class Disk implements Store {
        private final MemoryConnection connection;

        Disk(MemoryConnection connection) {
            this.connection = connection;
        }

        @Override
        public SortedSet<StorePath> queryValidPaths(
                Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) throws IOException {
            isNew = false;
            return store.queryValidPaths(paths, expected, substitute);
        }

        @Override
        public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths) {
            return store.querySubstitutablePaths(paths);
        }

        @Override
        public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException {
            return store.queryPathInfo(path);
        }

        @Override
        public SortedSet<StorePath> queryAllValidPaths() {
            return store.queryAllValidPaths();
        }

        @Override
        public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
            for (var path : paths) {
                for (var reference : path.info().references())
                    if (!reference.equals(path.info().path()))
                        requireValid(reference, "a reference of " + path.info().path());
                var gate = uploadGate;
                if (gate != null) gate.pass();
                store.addToStore(List.of(path));
                received.add(path.info().path());
            }
        }

        private void requireValid(StorePath path, String what) throws StoreRefusedException {
            if (!store.paths().contains(path))
                throw new StoreRefusedException("'%s', %s, is not valid".formatted(path, what));
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
            return store.narFromPath(path, verify, sink);
        }

        @Override
        public BuildResult buildDerivation(
                StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
                throws IOException, InterruptedException {
            for (var input : derivation.inputSources()) requireValid(input, "an input of " + drvPath);
            built.add(drvPath);
            building.add(connection);
            long now = building.stream().filter(other -> !other.isBroken()).count();
            mostRunning.accumulateAndGet(Math.toIntExact(now), Math::max);
            try {
                return builder.build(drvPath, derivation, options, log);
            } finally {
                building.remove(connection);
            }
        }

        @Override
        public void close() {}
    }
}
