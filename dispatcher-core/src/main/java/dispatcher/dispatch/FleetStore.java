package dispatcher.dispatch;

import dispatcher.access.ClientGrant;
import dispatcher.access.ClientIdentity;
import dispatcher.build.recovery.Recovery;
import dispatcher.build.recovery.Refusals;
import dispatcher.build.request.BuildRequestFactory;
import dispatcher.build.request.Expectations;
import dispatcher.build.request.Foresight;
import dispatcher.build.request.Prospect;
import dispatcher.build.request.ResourceRules;
import dispatcher.event.DispatcherListener;
import dispatcher.machine.Machine;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.link.MachineLinks;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Fitness;
import dispatcher.schedule.policy.Inputs;
import dispatcher.store.Locations;
import dispatcher.store.PathSizes;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.Spool;
import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The whole fleet as one store: what all clients share. Each client gets a conversation of its own. Safe for any
/// thread.
public final class FleetStore implements AutoCloseable {
    private static final Duration PRUNE_INTERVAL = Duration.ofSeconds(10);
    private static final Duration DRAIN_LOOK = Duration.ofMillis(50);

    /// Who asks on this host, and wants nothing built.
    private static final ClientIdentity NOBODY = ClientIdentity.ofUser("nobody", ClientGrant.DEFAULT);

    private final MachineLinks links;
    private final BuildQueue queue;
    private final Spool spool;
    private final Optional<StorePool> hostStore;
    private final Locations locations;
    private final StoreDir storeDir;
    private final Proofs proofs;
    private final DispatcherListener listener;
    private volatile RetryPolicy limits;
    private final Recovery recovery;
    private final Refusals refusals;
    private final Foresight foresight;
    private final LongSupplier nanoTime;
    private final PathSizes sizes = new PathSizes();
    private final BuildRequestFactory requests;
    private final InstantSource clock;
    private final EqualBuilds equalBuilds = new EqualBuilds();
    private final Askers askers = new Askers();
    private final RebuildCache recipes = new RebuildCache();
    private final HeldRealisations heldRealisations = new HeldRealisations();
    private final ProvenInputs proven = new ProvenInputs();
    private final Grants grants = new Grants();
    private final Set<FleetSession> sessions = ConcurrentHashMap.newKeySet();
    private final Queue<Runnable> looks = new ConcurrentLinkedQueue<>();
    private volatile boolean draining;
    private final AtomicLong builds = new AtomicLong();
    private final AtomicLong clients = new AtomicLong();
    private final Thread janitor = SteadyThread.unstarted("janitor", this::prunes);

    /// @param links       the machines; closed with this
    /// @param hostStore   the host's own store, if its paths are to be read in place; closed with this
    /// @param locations   what is known of the machines' stores, to be kept up by this
    /// @param trustedKeys whose signatures prove what a machine holds
    /// @param expectations what builds are expected to take
    /// @param resources    what builds take of machines
    public FleetStore(
            Collection<MachineLink> links,
            BuildQueue queue,
            Spool spool,
            Optional<StorePool> hostStore,
            Locations locations,
            StoreDir storeDir,
            List<NixPublicKey> trustedKeys,
            DispatcherListener listener,
            Expectations expectations,
            ResourceRules resources,
            RetryPolicy limits,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.links = new MachineLinks(links);
        this.queue = queue;
        this.spool = spool;
        this.hostStore = hostStore;
        this.locations = locations;
        this.storeDir = storeDir;
        this.proofs = new Proofs(locations, storeDir, trustedKeys);
        this.listener = listener;
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.requests = new BuildRequestFactory(expectations, resources, locations, sizes);
        this.limits = limits;
        this.recovery =
                new Recovery(this.links, queue, () -> this.limits.unavailable(), Thread::sleep, nanoTime, listener);
        this.refusals = new Refusals(this.links, queue, listener, clock, nanoTime);
        this.foresight = new Foresight(this.links, queue);
        janitor.start();
    }

    /// A conversation for one client, confined to the client's thread.
    ///
    /// @param mostLogBytes of each of its builds
    /// @param trustedKeys  whose signatures make a path one that anybody may see
    FleetSession open(ClientIdentity client, long clientNumber, long mostLogBytes, List<NixPublicKey> trustedKeys) {
        var sight = new Sight(client, trustedKeys, storeDir(), grants);
        var session = new FleetSession(this, client, clientNumber, mostLogBytes, sight);
        sessions.add(session);
        return session;
    }

    void closed(FleetSession session) {
        sessions.remove(session);
    }

    /// Refuses builds from now on, those too that wait for a machine, and waits until those that run have ended and
    /// their clients have what came out.
    ///
    /// @param limit for the waiting
    /// @return whether nothing goes on any more
    public boolean drain(Duration limit) throws InterruptedException {
        draining = true;
        recovery.endWaiting();
        long begun = System.nanoTime();
        while (sessions.stream().anyMatch(FleetSession::isBusy)) {
            if (System.nanoTime() - begun >= limit.toNanos()) return false;
            Thread.sleep(DRAIN_LOOK);
        }
        return true;
    }

    boolean isDraining() {
        return draining;
    }

    long nextClient() {
        return clients.incrementAndGet();
    }

    long nextBuild() {
        return builds.incrementAndGet();
    }

    // ---- machines

    /// Makes these the machines, as far as builds that come now are concerned: those under way end where they are. The
    /// queue is to be told next.
    ///
    /// @param keep whether a machine that is reached as before may be reached by the same connections
    /// @param make a new link to a machine; contacts nobody
    /// @return names of machines that are gone, or reached by new connections
    public Set<String> replaceMachines(
            Collection<Machine> machines, boolean keep, Function<Machine, MachineLink> make) {
        var before = machines();
        var left = links.replace(machines, keep, make);
        recovery.forget(left);
        refusals.forget(before.stream()
                .filter(machine -> !machines.contains(machine))
                .map(Machine::name)
                .collect(Collectors.toSet()));
        refusals.forget(left);
        return left;
    }

    /// From now on; what has begun to wait or to build goes on as it began.
    public void changeRules(ResourceRules resources, RetryPolicy newLimits, List<NixPublicKey> trustedKeys) {
        requests.changeRules(resources);
        limits = newLimits;
        proofs.trust(trustedKeys);
    }

    /// The way to a machine, to be given back; empty if it is not there any more.
    Optional<MachineLink.Use> use(String machine) {
        return links.use(machine);
    }

    /// Whether a machine is there still and not set aside.
    boolean isUp(String machine) {
        return links.has(machine) && queue.isAvailable(machine);
    }

    /// Names of the machines that could do it.
    Set<String> fitting(BuildRequest request) {
        return links.all().stream()
                .filter(link -> Fitness.objection(link.machine(), request).isEmpty())
                .map(link -> link.machine().name())
                .collect(Collectors.toSet());
    }

    /// Names of those that are not set aside.
    Set<String> usable(BuildRequest request) {
        return fitting(request).stream().filter(queue::isAvailable).collect(Collectors.toSet());
    }

    /// Names of the machines that are known to have no more memory than this one; of this one too.
    Set<String> noLargerThan(MachineLink link) {
        var memory = link.memory();
        var names = new HashSet<>(Set.of(link.machine().name()));
        for (var other : links.all())
            if (memory.isPresent() && other.memory().orElse(Long.MAX_VALUE) <= memory.getAsLong())
                names.add(other.machine().name());
        return names;
    }

    /// Sees whether a machine gives some sign of life, before anybody waits for it.
    ///
    /// @throws IOException if it does not
    void requireAnswer(MachineLink link) throws IOException, InterruptedException {
        if (!link.answers(limits.answer()))
            throw new IOException("%s gave no sign of life within %d ms"
                    .formatted(link.machine().address(), limits.answer().toMillis()));
    }

    /// Those there are at this moment, in the order of the settings.
    Collection<MachineLink> links() {
        return links.all();
    }

    /// What the scheduler is told of a build.
    BuildRequest request(StorePath drvPath, BasicDerivation derivation, ClientIdentity client) {
        return requests.of(drvPath, derivation, client, machines());
    }

    /// What it would be told of a build whose client sent the closure of these inputs, as clients do. Spool and
    /// host are asked what the inputs refer to; no machine is.
    ///
    /// @param derivation its inputs may be the roots of their closure
    /// @throws dispatcher.nix.NixSyntaxException if attributes of the derivation cannot be read
    public Prospect prospect(StorePath drvPath, BasicDerivation derivation) throws IOException, InterruptedException {
        try (var session = open(NOBODY, 0, 0, List.of())) {
            var closure = Closure.of(new TreeSet<>(derivation.inputSources()), paths -> {
                var infos = session.knownInfos(paths);
                sizes.add(infos.values());
                return infos;
            });
            return requests.prospect(drvPath, derivation.withInputs(closure.paths()), machines());
        }
    }

    private Collection<Machine> machines() {
        return links.all().stream().map(MachineLink::machine).toList();
    }

    /// Tells each time anew where a build's inputs are. At once, whatever they are; only making it looks at all.
    Supplier<Inputs> locating(Collection<StorePath> inputs) {
        var largest = requests.largest(inputs);
        return () -> requests.located(largest);
    }

    /// Bytes of a path's NAR, if they have been seen lately. Asks nobody.
    public OptionalLong narSize(StorePath path) {
        return sizes.of(path);
    }

    PathSizes sizes() {
        return sizes;
    }

    Instant now() {
        return clock.instant();
    }

    /// How outputs were made.
    RebuildCache recipes() {
        return recipes;
    }

    /// Of outputs that are not in the spool.
    HeldRealisations heldRealisations() {
        return heldRealisations;
    }

    /// What is proven of derivations.
    ProvenInputs proven() {
        return proven;
    }

    EqualBuilds equalBuilds() {
        return equalBuilds;
    }

    /// Who asks for what.
    Askers askers() {
        return askers;
    }

    BuildQueue queue() {
        return queue;
    }

    Spool spool() {
        return spool;
    }

    Optional<StorePool> hostStore() {
        return hostStore;
    }

    DispatcherListener listener() {
        return listener;
    }

    RetryPolicy limits() {
        return limits;
    }

    Recovery recovery() {
        return recovery;
    }

    /// What machines have refused.
    Refusals refusals() {
        return refusals;
    }

    /// Where clients' next builds will probably be.
    Foresight foresight() {
        return foresight;
    }

    long nanoTime() {
        return nanoTime.getAsLong();
    }

    Locations locations() {
        return locations;
    }

    StoreDir storeDir() {
        return storeDir;
    }

    Proofs proofs() {
        return proofs;
    }

    /// Has something looked at every few seconds until this is closed.
    void nowAndThen(Runnable look) {
        looks.add(look);
    }

    void look() {
        looks.forEach(Runnable::run);
    }

    private boolean prunes() throws InterruptedException {
        Thread.sleep(PRUNE_INTERVAL);
        look();
        for (var link : links.all()) link.conversations().prune();
        hostStore.ifPresent(StorePool::prune);
        return true;
    }

    @Override
    public void close() {
        janitor.interrupt();
        recovery.close();
        links.close();
        hostStore.ifPresent(StorePool::close);
    }
}
