package dispatcher.dispatch;

import dispatcher.fleet.MachineProtocol;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientIdentity;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.NarToAdd;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StorePool;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.Spool;
import dispatcher.wire.Interruption;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One client's conversation with the whole fleet.
///
/// A path is looked for where the client would miss it most: among the outputs that were built for it and wait on their
/// machine, then in the spool, then in the host's store if the client is on this host, then on the machines that are
/// known to hold it. Conversations with machines that hold something for this client stay open, and so pinned,
/// until the client has it or leaves.
///
/// Confined to the client's thread. A machine or a host store that breaks is told to the client as a refusal with the
/// reason; the client's connection goes on, unless a part of a NAR has gone out already.
final class FleetSession implements Store, PathSource {
    /// A client that fetches what was built for it asks for the next output within this time.
    private static final Duration FETCHING = Duration.ofSeconds(2);

    private final FleetStore fleet;
    private final ClientIdentity client;
    private final long clientNumber;
    private final long mostLogBytes;
    private final Set<StorePath> pinned = new HashSet<>();
    private final List<Spool.Pin> pins = new ArrayList<>();
    private final Map<StorePath, Holding> holdings = new HashMap<>();
    private final Set<StorePath> built = new HashSet<>();
    private final AtomicInteger building = new AtomicInteger();

    /// When a build ended or an output was handed out last, in nanoseconds.
    private volatile long servedAt = System.nanoTime() - FETCHING.toNanos();

    private StorePool.@Nullable Lease host;
    private boolean hostFailed;

    /// Whether the host's NARs are hashed here too on their way to machines, since one of those did not take what it
    /// got.
    private boolean checksHost;

    /// Whether the client wants machines to fetch from their substituters what they can.
    private boolean substitutes;

    /// What nobody has yet, and a machine said it could fetch from its substituters.
    private final Map<StorePath, MachineLink> promised = new HashMap<>();

    /// Of those who promised: they are needed for as long as this client may come back to it.
    private final IdentityHashMap<MachineLink, MachineLink.Use> promisers = new IdentityHashMap<>();

    FleetSession(FleetStore fleet, ClientIdentity client, long clientNumber, long mostLogBytes) {
        this.fleet = fleet;
        this.client = client;
        this.clientNumber = clientNumber;
        this.mostLogBytes = mostLogBytes;
    }

    /// A conversation with a machine that has paths which this client may still want.
    private static final class Holding {
        private final MachineLink link;
        private final MachineLink.Use use;
        private final StorePool.Lease lease;
        private final Set<StorePath> unfetched = new HashSet<>();

        /// What the machine has said already, and is held to.
        private final Map<StorePath, PathInfo> infos = new HashMap<>();

        /// Small outputs, which have come already.
        private final Map<StorePath, ByteString> nars = new HashMap<>();

        /// @param link used by whoever makes this
        Holding(MachineLink link, StorePool.Lease lease) {
            this.link = link;
            this.use = link.use().orElseThrow();
            this.lease = lease;
        }

        String machine() {
            return link.machine().name();
        }

        void release() {
            lease.release();
            use.close();
        }

        void drop() {
            lease.drop();
            use.close();
        }
    }

    // ---- questions

    @Override
    public SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        keepInSpool(paths);
        var valid = new TreeSet<>(fleet.spool().contained(paths));
        var rest = new TreeSet<>(paths);
        rest.removeAll(valid);
        for (var path : rest) if (holdings.containsKey(path)) valid.add(path);
        rest.removeAll(valid);
        if (rest.isEmpty()) return valid;
        askHost(lease -> lease.store().queryValidPaths(rest, false)).ifPresent(valid::addAll);
        rest.removeAll(valid);
        valid.addAll(findOnMachines(rest));
        if (!substitute) return valid;
        substitutes = true;
        rest.removeAll(valid);
        valid.addAll(findInSubstituters(rest));
        return valid;
    }

    /// Whose conversation it is.
    ClientIdentity client() {
        return client;
    }

    boolean substitutes() {
        return substitutes;
    }

    /// Before it is asked whether they are there: then they cannot go between the question and the answer.
    private void keepInSpool(Collection<StorePath> paths) {
        var unpinned = paths.stream().filter(pinned::add).toList();
        if (!unpinned.isEmpty()) pins.add(fleet.spool().pin(unpinned));
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        var paths = new TreeSet<>(fleet.spool().paths());
        paths.addAll(holdings.keySet());
        return paths;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return info(path);
            } catch (SourceFailedException e) {
                var reason = Failures.describe(e);
                if (attempt == fleet.limits().maxAttempts() || !isMadeAgain(path, reason))
                    throw new StoreRefusedException(reason + "; build it again", e);
            }
        }
    }

    @Override
    public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        var info = findInfo(path);
        fleet.sizes().add(info.stream().toList());
        return info;
    }

    private Optional<PathInfo> findInfo(StorePath path) throws IOException, InterruptedException {
        var holding = holdings.get(path);
        if (holding != null) return infoFrom(holding, path);
        keepInSpool(List.of(path));
        var spooled = fleet.spool().info(path);
        if (spooled.isPresent()) return spooled;
        var onHost = askHost(lease -> lease.store().queryPathInfo(path))
                .flatMap(found -> found.map(PathInfo::withoutUltimate));
        if (onHost.isPresent()) return onHost;
        findOnMachines(List.of(path));
        if (!holdings.containsKey(path)) redeem(path);
        var found = holdings.get(path);
        return found == null ? Optional.empty() : infoFrom(found, path);
    }

    /// The host's store is asked for all at once.
    @Override
    public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        keepInSpool(paths);
        var infos = knownInfos(
                paths.stream().filter(path -> !holdings.containsKey(path)).toList());
        infos.replaceAll((_, info) -> info.withoutUltimate());
        for (var path : paths) if (!infos.containsKey(path)) info(path).ifPresent(info -> infos.put(path, info));
        fleet.sizes().add(infos.values());
        return infos;
    }

    private Optional<PathInfo> infoFrom(Holding holding, StorePath path) throws IOException, InterruptedException {
        var told = holding.infos.get(path);
        if (told != null) return Optional.of(told);
        try {
            fleet.requireAnswer(holding.link);
            var info = holding.lease.store().queryPathInfo(path).map(PathInfo::withoutUltimate);
            if (info.isPresent()) {
                OutputCheck.requirePossible(holding.link.storeDir(), info.get());
                holding.infos.put(path, info.get());
            }
            return info;
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            forget(holding);
            if (e instanceof ProtocolException) distrust(holding.link, List.of(path), Failures.describe(e));
            else holding.link.conversations().dropIdle();
            throw new SourceFailedException(
                    List.of(path),
                    "machine %s went away with '%s': %s".formatted(holding.machine(), path, Failures.describe(e)),
                    e);
        }
    }

    /// What a machine said is not so, or no answer at all: nobody is sent there for that again, nor for anything else
    /// for a while.
    private void distrust(MachineLink link, List<StorePath> paths, String reason) {
        fleet.locations().remove(paths, link.machine().name());
        fleet.recovery().lied(link, reason);
        link.conversations().dropIdle();
    }

    private void forget(Holding holding) {
        holdings.values().removeIf(other -> other == holding);
        holding.drop();
    }

    // ---- machines that are known to hold it

    /// Which of `paths` some machine still has. One conversation with each such machine is kept. Machines that are set
    /// aside are not waited for.
    private Set<StorePath> findOnMachines(Collection<StorePath> paths) throws InterruptedException {
        var found = new HashSet<StorePath>();
        var asked = new HashSet<String>();
        while (true) {
            var byMachine = new TreeMap<String, List<StorePath>>();
            for (var path : paths)
                if (!found.contains(path))
                    fleet.locations().of(path).stream()
                            .filter(machine -> !asked.contains(machine) && fleet.isUp(machine))
                            .findFirst()
                            .ifPresent(machine -> byMachine
                                    .computeIfAbsent(machine, _ -> new ArrayList<>())
                                    .add(path));
            if (byMachine.isEmpty()) return found;
            for (var entry : byMachine.entrySet()) {
                asked.add(entry.getKey());
                var use = fleet.use(entry.getKey());
                if (use.isEmpty()) continue;
                try (var it = use.get()) {
                    found.addAll(findOn(it.link(), entry.getValue(), false));
                }
            }
        }
    }

    /// Which of `paths` the first machine that can tell could fetch. The client need not send them: the
    /// machine that builds is told to fetch them, and if it cannot, they are had from the one that said so.
    private Collection<StorePath> findInSubstituters(Collection<StorePath> paths) throws InterruptedException {
        if (paths.isEmpty()) return List.of();
        for (var link : fleet.links()) {
            if (link.machine().protocol() != MachineProtocol.SSH_NG) continue;
            if (!link.substitutes(substitutes) || !fleet.isUp(link.machine().name())) continue;
            var use = link.use();
            if (use.isEmpty()) continue;
            try (var it = use.get()) {
                return promisedBy(it.link(), paths);
            } catch (IOException e) {
                Interruption.rethrow(e);
                if (!(e instanceof StoreRefusedException)) fleet.recovery().failed(link, Failures.describe(e));
            }
        }
        return List.of();
    }

    private Collection<StorePath> promisedBy(MachineLink link, Collection<StorePath> paths)
            throws IOException, InterruptedException {
        fleet.requireAnswer(link);
        var opened = link.conversations().lease(lease -> lease.store().querySubstitutablePaths(paths));
        opened.lease().release();
        if (opened.answer().isEmpty()) return opened.answer();
        promisers.computeIfAbsent(link, promiser -> promiser.use().orElseThrow());
        for (var path : opened.answer()) promised.put(path, link);
        return opened.answer();
    }

    /// Has a machine fetch what it said it could.
    private void redeem(StorePath path) throws StoreRefusedException, InterruptedException {
        var link = promised.get(path);
        if (link != null && findOn(link, List.of(path), true).isEmpty())
            throw new StoreRefusedException(
                    "machine %s said that its substituters have '%s', and did not get it from there: see its log, or set builders-use-substitutes = false"
                            .formatted(link.machine().name(), path));
    }

    /// @param link used by the caller
    private Collection<StorePath> findOn(MachineLink link, List<StorePath> paths, boolean substitute)
            throws InterruptedException {
        Set<StorePath> found;
        try {
            var holding = askHolder(link, paths, substitute);
            found = holding.answer();
            for (var path : found) {
                holding.holder().unfetched.add(path);
                holdings.put(path, holding.holder());
            }
            if (holding.holder().unfetched.isEmpty()) holding.holder().release();
        } catch (StoreRefusedException e) {
            return Set.of();
        } catch (IOException e) {
            Interruption.rethrow(e);
            // Then they are not to be had from there now, and count as missing.
            fleet.recovery().failed(link, Failures.describe(e));
            return Set.of();
        }
        fleet.locations()
                .remove(
                        paths.stream().filter(path -> !found.contains(path)).toList(),
                        link.machine().name());
        return found;
    }

    private record Held(Holding holder, SortedSet<StorePath> answer) {}

    private Held askHolder(MachineLink link, List<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        for (var holding : holdings.values()) {
            if (!holding.link.equals(link)) continue;
            try {
                fleet.requireAnswer(link);
                return new Held(holding, holding.lease.store().queryValidPaths(paths, substitute));
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                forget(holding);
                break;
            }
        }
        fleet.requireAnswer(link);
        var opened = link.conversations().lease(lease -> lease.store().queryValidPaths(paths, substitute));
        return new Held(new Holding(link, opened.lease()), opened.answer());
    }

    /// Whether machines have all of `paths`; from then on this client can fetch them.
    boolean isOnMachines(Collection<StorePath> paths) throws InterruptedException {
        var rest = paths.stream().filter(path -> !holdings.containsKey(path)).toList();
        return findOnMachines(rest).containsAll(rest);
    }

    // ---- the host's store

    /// Empty if the client is not on this host, or the host's store cannot be asked.
    private <T> Optional<T> askHost(StorePool.Question<T> question) throws IOException, InterruptedException {
        if (hostFailed || !client.local() || fleet.hostStore().isEmpty()) return Optional.empty();
        var pool = fleet.hostStore().get();
        try {
            if (host != null) {
                try {
                    return Optional.of(question.ask(host));
                } catch (StoreRefusedException e) {
                    throw e;
                } catch (IOException e) {
                    Interruption.rethrow(e);
                    host.drop();
                    host = null;
                    pool.dropIdle();
                }
            }
            var opened = pool.lease(question);
            host = opened.lease();
            return Optional.of(opened.answer());
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            hostFailed = true;
            fleet.listener().hostStoreFailed(Failures.describe(e));
            return Optional.empty();
        }
    }

    // ---- NARs

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) {
            keepInSpool(List.of(path.info().path()));
            fleet.spool().add(path.info(), path.nar());
            fleet.spool()
                    .info(path.info().path())
                    .ifPresent(info -> fleet.sizes().add(List.of(info)));
        }
    }

    /// The end of the NAR is held back until all of it has been found to be what the path's info says. If its machine
    /// breaks in the middle, the rest comes from where it is made once more.
    @Override
    public NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var info = queryPathInfo(path)
                .orElseThrow(() -> new StoreRefusedException("path '%s' is not here".formatted(path)));
        var nar = new HeldBackEnd(
                new FilterOutputStream(sink) {
                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        servedAt = System.nanoTime();
                        out.write(bytes, offset, length);
                    }
                },
                info.narSize());
        for (int attempt = 1; ; attempt++) {
            var holding = holdings.get(path);
            var from = holding == null ? "spool or host" : holding.machine();
            long begun = fleet.nanoTime();
            try {
                var summary = checkedNar(info, nar);
                summary.requireSameAs(info, from);
                nar.finish();
                var took = Duration.ofNanos(fleet.nanoTime() - begun);
                fleet.listener().outputSent(clientNumber, path, from, summary.size(), took);
                if (holding != null) fetched(holding, path);
                return summary;
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                if (nar.hasFailed()) throw e;
                var reason = Failures.describe(e);
                if (holding != null && e instanceof ProtocolException) distrust(holding.link, List.of(path), reason);
                // A machine that went away still has it when it is back.
                if (holding != null) forget(holding);
                // Of one that gives a wrong NAR, the client has bytes that are not to be completed with right ones.
                boolean again = holding != null
                        && !(e instanceof ProtocolException)
                        && attempt < fleet.limits().maxAttempts()
                        && isMadeAgain(path, reason)
                        && isTheSame(path, info);
                if (!again) {
                    fleet.listener().outputFailed(clientNumber, path, from, reason);
                    throw new StoreRefusedException(
                            "cannot hand out '%s' from %s: %s".formatted(path, from, reason), e);
                }
                nar.startAgain();
            }
        }
    }

    private boolean isTheSame(StorePath path, PathInfo before) throws IOException, InterruptedException {
        return info(path).filter(now -> now.narHash().equals(before.narHash())).isPresent();
    }

    private void fetched(Holding holding, StorePath path) {
        holding.unfetched.remove(path);
        if (!holding.unfetched.isEmpty()) return;
        holdings.values().removeIf(other -> other == holding);
        holding.release();
    }

    /// What the spool has was hashed when it came, and so was what is here already.
    private NarSummary checkedNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        var holding = holdings.get(path);
        var early = holding == null ? null : holding.nars.remove(path);
        if (early != null) {
            early.writeTo(sink);
            return new NarSummary(info.narHash(), early.length());
        }
        if (isSpooled(path)) return new NarSummary(info.narHash(), fleet.spool().copyNar(path, sink));
        return fromElsewhere(path, store -> store.narFromPath(path, sink));
    }

    /// The receiver compares the hash of what the spool or the host has, at first; what a machine has is compared here,
    /// or else it would be the receiver that is taken to be at fault.
    @Override
    public long copyNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        if (isSpooled(path)) return fleet.spool().copyNar(path, sink);
        var holding = holdings.get(path);
        if (holding == null && !checksHost) return fromElsewhere(path, store -> store.passNar(info, sink));
        var nar = new HeldBackEnd(sink, info.narSize());
        try {
            var summary = fromElsewhere(path, store -> store.narFromPath(path, nar));
            summary.requireSameAs(info, holding == null ? "the host's store" : holding.machine());
            nar.finish();
            return summary.size();
        } catch (ProtocolException e) {
            if (holding != null && !nar.hasFailed()) distrust(holding.link, List.of(path), Failures.describe(e));
            throw e;
        }
    }

    /// So that it is found out who is at fault, and that only its daemon reads the host's store from now on.
    @Override
    public void notTaken() {
        checksHost = true;
    }

    private boolean isSpooled(StorePath path) {
        return !holdings.containsKey(path) && fleet.spool().info(path).isPresent();
    }

    private interface NarRequest<T> {
        T ask(Store store) throws IOException, InterruptedException;
    }

    /// A NAR from a machine or the host's store. Whoever breaks off, that or the receiver: the rest of the NAR
    /// is still to come in that conversation, which is of no use then.
    private <T> T fromElsewhere(StorePath path, NarRequest<T> request) throws IOException, InterruptedException {
        var holding = holdings.get(path);
        var lease = holding == null ? host : holding.lease;
        if (lease == null) throw new StoreRefusedException("path '%s' is not here".formatted(path));
        boolean whole = false;
        try {
            var answer = request.ask(lease.store());
            whole = true;
            return answer;
        } catch (StoreRefusedException e) {
            whole = true;
            throw e;
        } finally {
            if (!whole && holding != null) {
                forget(holding);
            } else if (!whole) {
                lease.drop();
                host = null;
            }
        }
    }

    // ---- builds

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws InterruptedException {
        building.incrementAndGet();
        try {
            var limited = options.orLimitsOf(fleet.limits().builds()).withLogLimit(mostLogBytes);
            var run = new BuildRun(fleet, this, clientNumber, drvPath, derivation, limited, log);
            var result = run.run();
            if (result.isSuccess()) {
                var recipe = new Recipe(drvPath, derivation, options.withMode(BuildMode.NORMAL));
                var outputs = Recipe.outputs(derivation, result);
                fleet.recipes().add(outputs, recipe);
                if (!run.wasFound()) built.addAll(outputs);
            }
            return result;
        } finally {
            servedAt = System.nanoTime();
            building.decrementAndGet();
        }
    }

    /// Whether a machine has built it for this client, or for another who wanted the same at that time. What
    /// was found on a machine may have come there otherwise.
    boolean hasBuilt(StorePath path) {
        return built.contains(path);
    }

    /// Whether a build goes on, or the client is still about to fetch what came out. For any thread.
    boolean isBusy() {
        return building.get() > 0 || System.nanoTime() - servedAt < FETCHING.toNanos();
    }

    /// Has an output made once more, after the machine that had it broke. Not to be called by who has a slot, for which
    /// this might wait for ever.
    private boolean isMadeAgain(StorePath output, String reason) throws InterruptedException {
        var recipe = fleet.recipes().of(output);
        if (recipe.isEmpty()) return false;
        fleet.listener().outputLost(clientNumber, output, reason);
        return buildDerivation(
                                recipe.get().drvPath(),
                                recipe.get().derivation(),
                                recipe.get().options(),
                                BuildLog.NONE)
                        .isSuccess()
                && holdings.containsKey(output);
    }

    /// Gets back inputs that could not be had: waits for a machine that holds them, and if none is back in
    /// time, has them made once more. Not to be called by who has a slot.
    ///
    /// @return whether it is worth while to try again
    boolean recover(Collection<StorePath> paths, String reason) throws InterruptedException {
        for (var path : paths) {
            if (isAtHand(path)) continue;
            boolean isBack =
                    fleet.recovery().awaitAny(Set.copyOf(fleet.locations().of(path)));
            if (!isBack && !isMadeAgain(path, reason)) return false;
        }
        return true;
    }

    private boolean isAtHand(StorePath path) throws InterruptedException {
        try {
            return info(path).isPresent();
        } catch (IOException e) {
            Interruption.rethrow(e);
            return false;
        }
    }

    /// Another conversation with the fleet for the same client, so that a second attempt at a build
    /// gets its inputs while the first uses this one. To be made while this one answers no client, and
    /// closed.
    FleetSession companion() {
        var companion = new FleetSession(fleet, client, clientNumber, mostLogBytes);
        companion.substitutes = substitutes;
        promised.forEach((path, link) -> {
            if (!companion.promisers.containsKey(link)) link.use().ifPresent(use -> companion.promisers.put(link, use));
            if (companion.promisers.containsKey(link)) companion.promised.put(path, link);
        });
        return companion;
    }

    /// Ends the conversations in which an attempt was stopped in the middle of a request: what came next
    /// there would be taken for the answer to something else.
    void dropBrokenOff() {
        if (host != null && host.isBrokenOff()) {
            host.drop();
            host = null;
        }
        for (var holding : List.copyOf(holdings.values())) if (holding.lease.isBrokenOff()) forget(holding);
    }

    /// Keeps the machine's conversation for the client to fetch `outputs` from.
    ///
    /// @param link used by the caller
    void hold(MachineLink link, StorePool.Lease lease, Collection<BuiltOutput> outputs) {
        if (outputs.isEmpty()) {
            lease.release();
            return;
        }
        var holding = new Holding(link, lease);
        for (var output : outputs) {
            var path = output.info().path();
            holding.unfetched.add(path);
            holding.infos.put(path, output.info().withoutUltimate());
            output.nar().ifPresent(nar -> holding.nars.put(path, nar));
            var before = holdings.put(path, holding);
            if (before != null) fetched(before, path);
        }
        fleet.locations().addBuilt(holding.infos.keySet(), holding.machine());
    }

    /// What is known of those of `paths` that need no machine to be asked.
    Map<StorePath, PathInfo> knownInfos(Collection<StorePath> paths) throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        var rest = new ArrayList<StorePath>();
        for (var path : paths)
            fleet.spool().info(path).ifPresentOrElse(info -> infos.put(path, info), () -> rest.add(path));
        if (!rest.isEmpty())
            askHost(lease -> lease.store().queryPathInfos(rest)).ifPresent(infos::putAll);
        return infos;
    }

    /// What broke off in the middle ends here; the other conversations are for the next client.
    @Override
    public void close() {
        fleet.closed(this);
        var held = Collections.newSetFromMap(new IdentityHashMap<Holding, Boolean>());
        held.addAll(holdings.values());
        holdings.clear();
        for (var holding : held) holding.release();
        promisers.values().forEach(MachineLink.Use::close);
        promisers.clear();
        if (host != null) host.release();
        host = null;
        for (var pin : pins) pin.close();
        pins.clear();
    }
}
