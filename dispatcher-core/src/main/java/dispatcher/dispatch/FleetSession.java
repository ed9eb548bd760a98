package dispatcher.dispatch;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientIdentity;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.PathSource;
import dispatcher.store.Store;
import dispatcher.store.StorePool;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.Spool;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One client's conversation with the whole fleet.
///
/// A path is looked for where the client would miss it most: among the outputs that were built for it and wait on their
/// machine, then in the spool, then in the host's store if the client is on this host, then on the machine that built
/// it
/// for somebody else. Conversations with machines that hold something for this client stay open, and so pinned, until
/// the
/// client has it or leaves.
///
/// Confined to the client's thread. A machine or a host store that breaks is told to the client as a refusal with the
/// reason;
/// the client's connection goes on.
final class FleetSession implements Store, PathSource {
    private final FleetStore fleet;
    private final ClientIdentity client;
    private final long clientNumber;
    private final List<Spool.Pin> pins = new ArrayList<>();
    private final Map<StorePath, Holding> holdings = new HashMap<>();
    private StorePool.@Nullable Lease host;
    private boolean hostFailed;

    FleetSession(FleetStore fleet, ClientIdentity client, long clientNumber) {
        this.fleet = fleet;
        this.client = client;
        this.clientNumber = clientNumber;
    }

    /// A conversation with a machine that has paths which this client may still want.
    private static final class Holding {
        private final String machine;
        private final StorePool.Lease lease;
        private final Set<StorePath> unfetched;

        Holding(String machine, StorePool.Lease lease, Collection<StorePath> paths) {
            this.machine = machine;
            this.lease = lease;
            this.unfetched = new HashSet<>(paths);
        }
    }

    // ---- questions

    @Override
    public SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        var valid = new TreeSet<>(fleet.spool().contained(paths));
        pins.add(fleet.spool().pin(valid));
        var rest = new TreeSet<>(paths);
        rest.removeAll(valid);
        for (var path : rest) if (holdings.containsKey(path)) valid.add(path);
        rest.removeAll(valid);
        if (rest.isEmpty()) return valid;
        var lease = host();
        if (lease != null) {
            try {
                valid.addAll(lease.store().queryValidPaths(rest, false));
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                dropHost(lease);
            }
            rest.removeAll(valid);
        }
        for (var path : rest) if (findOnBuilder(path) != null) valid.add(path);
        return valid;
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        var paths = new TreeSet<>(fleet.spool().paths());
        paths.addAll(holdings.keySet());
        return paths;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return info(path);
    }

    @Override
    public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        var holding = holdings.get(path);
        if (holding != null) return infoFrom(holding, path);
        var spooled = fleet.spool().info(path);
        if (spooled.isPresent()) return spooled;
        var lease = host();
        if (lease != null) {
            try {
                var onHost = lease.store().queryPathInfo(path);
                if (onHost.isPresent()) return onHost.map(PathInfo::withoutUltimate);
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                dropHost(lease);
            }
        }
        var found = findOnBuilder(path);
        return found == null ? Optional.empty() : infoFrom(found, path);
    }

    private Optional<PathInfo> infoFrom(Holding holding, StorePath path) throws IOException, InterruptedException {
        try {
            return holding.lease.store().queryPathInfo(path).map(PathInfo::withoutUltimate);
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            throw lostHolding(holding, path, e);
        }
    }

    private StoreRefusedException lostHolding(Holding holding, StorePath path, IOException cause) {
        holdings.values().removeIf(other -> other == holding);
        holding.lease.drop();
        fleet.link(holding.machine).conversations().dropIdle();
        return new StoreRefusedException(
                "machine %s went away with '%s': %s; build it again"
                        .formatted(holding.machine, path, Failures.describe(cause)),
                cause);
    }

    /// The machine that built `path` for somebody, if it still has it.
    private @Nullable Holding findOnBuilder(StorePath path) throws InterruptedException {
        var machine = fleet.builders().getIfPresent(path);
        if (machine == null) return null;
        try {
            var lease = fleet.link(machine).conversations().lease();
            try {
                if (lease.store().queryPathInfo(path).isPresent()) {
                    var holding = new Holding(machine, lease, List.of(path));
                    holdings.put(path, holding);
                    return holding;
                }
                lease.release();
            } catch (IOException | InterruptedException e) {
                lease.drop();
                throw e;
            }
        } catch (IOException e) {
            // Then it is not to be had from there, and the path counts as missing.
        }
        fleet.builders().invalidate(path);
        return null;
    }

    // ---- the host's store

    private StorePool.@Nullable Lease host() throws InterruptedException {
        if (host != null || hostFailed || !client.local() || fleet.hostStore().isEmpty()) return host;
        try {
            host = fleet.hostStore().get().lease();
        } catch (IOException e) {
            hostFailed = true;
            fleet.listener().hostStoreFailed(Failures.describe(e));
        }
        return host;
    }

    private void dropHost(StorePool.Lease lease) {
        lease.drop();
        host = null;
        fleet.hostStore().ifPresent(StorePool::dropIdle);
    }

    // ---- NARs

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) {
            fleet.spool().add(path.info(), path.nar());
            pins.add(fleet.spool().pin(List.of(path.info().path())));
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var info = info(path).orElseThrow(() -> new StoreRefusedException("path '%s' is not here".formatted(path)));
        long begun = fleet.nanoTime();
        var summary = copyNar(path, sink);
        summary.requireSameAs(info, "its store");
        var holding = holdings.get(path);
        var from = holding == null ? "spool or host" : holding.machine;
        fleet.listener()
                .outputSent(clientNumber, path, from, summary.size(), Duration.ofNanos(fleet.nanoTime() - begun));
        if (holding != null) fetched(holding, path);
        return summary;
    }

    private void fetched(Holding holding, StorePath path) {
        holding.unfetched.remove(path);
        if (!holding.unfetched.isEmpty()) return;
        holdings.values().removeIf(other -> other == holding);
        holding.lease.release();
    }

    @Override
    public NarSummary copyNar(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var holding = holdings.get(path);
        if (holding != null) return holding.lease.store().narFromPath(path, sink);
        if (fleet.spool().info(path).isPresent()) return fleet.spool().copyNar(path, sink);
        var lease = host();
        if (lease == null) throw new StoreRefusedException("path '%s' is not here".formatted(path));
        try {
            return lease.store().narFromPath(path, sink);
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            dropHost(lease);
            throw e;
        }
    }

    // ---- builds

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws InterruptedException {
        return new BuildRun(fleet, this, clientNumber, drvPath, derivation, options, log).run();
    }

    /// Keeps the machine's conversation for the client to fetch `outputs` from.
    void hold(String machine, StorePool.Lease lease, Collection<StorePath> outputs) {
        if (outputs.isEmpty()) {
            lease.release();
            return;
        }
        var holding = new Holding(machine, lease, outputs);
        for (var output : outputs) {
            var before = holdings.put(output, holding);
            if (before != null) fetched(before, output);
            fleet.builders().put(output, machine);
        }
    }

    @Override
    public void close() {
        for (var holding : new HashSet<>(holdings.values())) holding.lease.release();
        holdings.clear();
        if (host != null) host.release();
        host = null;
        for (var pin : pins) pin.close();
        pins.clear();
    }
}
