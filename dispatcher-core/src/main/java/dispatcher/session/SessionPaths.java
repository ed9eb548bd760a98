package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.session.rights.Sight;
import dispatcher.store.PathSource;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.spool.SpoolSession;
import dispatcher.store.spool.SpoolSession.Follower;
import dispatcher.store.verify.AddressedNar;
import dispatcher.store.verify.HeldBackEnd;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/// Where each store path is that one client may have, and how to read it.
///
/// A path is looked for where the client would miss it most: among the outputs that machines retain for it, then
/// in the spool, then in the host's store if the client is on this host, then on the machines that are known to
/// have it.
///
/// For one thread at a time.
final class SessionPaths implements PathSource, AutoCloseable {
    private final SessionContext context;
    private final ClientIdentity client;
    private final Sight sight;
    private final SpoolSession spooled;
    private final RetainedOutputs retained;
    private final PromisedPaths promised;
    private final HostConversation host;

    /// Whether the client wants machines to fetch from their substituters what they can.
    private boolean substitutes;

    /// @param follower may follow what the client uploads
    SessionPaths(SessionContext context, ClientIdentity client, Sight sight, Follower follower) {
        this.context = context;
        this.client = client;
        this.sight = sight;
        this.spooled = context.spool().session(client.credential(), follower);
        this.retained = new RetainedOutputs(
                context.machines(), context.known(), context.learned().recipes());
        this.promised = new PromisedPaths(
                context.machines(), context.known(), retained, context.learned().promises(), client.credential());
        this.host = new HostConversation(context.hostStore(), client, context.listener());
    }

    /// The same paths for another thread; to be closed. To be made while nothing here is under way.
    SessionPaths fork() {
        var fork = new SessionPaths(context, client, sight, Follower.NONE);
        fork.substitutes = substitutes;
        retained.shareWith(fork.retained);
        promised.shareWith(fork.promised);
        return fork;
    }

    /// What the client has in the spool, and keeps there.
    SpoolSession spooled() {
        return spooled;
    }

    /// What machines hold for the client.
    RetainedOutputs retained() {
        return retained;
    }

    PromisedPaths promised() {
        return promised;
    }

    boolean substitutes() {
        return substitutes;
    }

    // ---- which paths there are

    SortedSet<StorePath> validPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        // Before it is asked whether they are there: then they cannot go between the question and the answer.
        spooled.keep(paths);
        var valid = new TreeSet<>(context.spool().queryValidPaths(paths, false));
        if (!sight.isWhole()) valid.removeIf(path -> spoolInfo(path).isEmpty());
        var rest = new TreeSet<>(paths);
        rest.removeAll(valid);
        for (var path : rest) if (retained.has(path)) valid.add(path);
        rest.removeAll(valid);
        if (rest.isEmpty()) return valid;
        host.ask(lease -> lease.store().queryValidPaths(rest, false)).ifPresent(valid::addAll);
        rest.removeAll(valid);
        valid.addAll(retained.findOnMachines(visibleOnMachines(rest)));
        // What the machines' caches have may not be for everybody.
        if (!sight.isWhole()) return valid;
        rest.removeAll(valid);
        if (substitute) {
            substitutes = true;
            valid.addAll(promised.askOrFetch(rest));
        } else valid.addAll(promised.fetchOfOthers(rest));
        return valid;
    }

    /// Whether a path is here, or on a machine that the client may have it from.
    boolean has(StorePath path) throws IOException, InterruptedException {
        return validPaths(List.of(path), false).contains(path);
    }

    /// Whether machines have all of `paths`; from then on this client can fetch them.
    boolean areOnMachines(Collection<StorePath> paths) throws InterruptedException {
        var rest = paths.stream().filter(path -> !retained.has(path)).toList();
        return retained.findOnMachines(visibleOnMachines(rest)).containsAll(rest);
    }

    /// Every path that the client may list. An isolated client gets no list of what others have sent.
    SortedSet<StorePath> listed() {
        var paths = new TreeSet<>(sight.isWhole() ? context.spool().queryAllValidPaths() : spooled.uploaded());
        paths.addAll(retained.paths());
        return paths;
    }

    private Collection<StorePath> visibleOnMachines(Collection<StorePath> paths) {
        if (sight.isWhole()) return paths;
        return paths.stream().filter(sight::seesOnMachines).toList();
    }

    // ---- what is known of them

    /// What the spool knows of a path that the client may see. For any thread.
    Optional<PathInfo> spoolInfo(StorePath path) {
        return context.spool().queryPathInfo(path).filter(sight::sees);
    }

    @Override
    public Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException {
        var info = findInfo(path);
        context.known().sizes().add(info.stream().toList());
        return info;
    }

    private Optional<PathInfo> findInfo(StorePath path) throws IOException, InterruptedException {
        var held = retained.info(path);
        if (held.isPresent()) return held;
        spooled.keep(List.of(path));
        var known = spoolInfo(path);
        if (known.isEmpty())
            known = host.ask(lease -> lease.store().queryPathInfo(path))
                    .flatMap(found -> found.map(PathInfo::withoutUltimate));
        if (known.isPresent()) {
            context.known().believe(List.of(known.get()));
            return known;
        }
        retained.findOnMachines(visibleOnMachines(List.of(path)));
        if (!retained.has(path)) promised.fetch(path);
        if (!retained.has(path) && sight.isWhole()) promised.fetchOfOthers(List.of(path));
        return retained.info(path);
    }

    /// The host's store is asked for all at once.
    @Override
    public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        spooled.keep(paths);
        var infos =
                knownInfos(paths.stream().filter(path -> !retained.has(path)).toList());
        infos.replaceAll((_, info) -> info.withoutUltimate());
        context.known().believe(infos.values());
        for (var path : paths) if (!infos.containsKey(path)) info(path).ifPresent(info -> infos.put(path, info));
        return infos;
    }

    /// What is known of those of `paths` that no machine has to be asked about.
    Map<StorePath, PathInfo> knownInfos(Collection<StorePath> paths) throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        var rest = new ArrayList<StorePath>();
        for (var path : paths) spoolInfo(path).ifPresentOrElse(info -> infos.put(path, info), () -> rest.add(path));
        if (!rest.isEmpty())
            host.ask(lease -> lease.store().queryPathInfos(rest)).ifPresent(infos::putAll);
        return infos;
    }

    // ---- their NARs

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return switch (verify) {
            case Verify.Here _ -> {
                var info = info(path).orElseThrow(() -> notHere(path));
                yield hashedNar(info, sink);
            }
            case Verify.ByReceiver(var expected) -> narForMachine(expected, sink);
        };
    }

    private static StoreRefusedException notHere(StorePath path) {
        return new StoreRefusedException("path '%s' is not here".formatted(path));
    }

    /// Writes a NAR from where it is. What the spool has was hashed when it came, and so was what is here already.
    ///
    /// @return hash and size of what was written
    NarSummary hashedNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        var early = retained.of(path).flatMap(held -> held.takeNar(path));
        if (early.isPresent()) {
            early.get().writeTo(sink);
            return new NarSummary(info.narHash(), early.get().length());
        }
        if (isSpooled(path)) return context.spool().narFromPath(path, Verify.HERE, sink);
        return fromElsewhere(path, store -> store.narFromPath(path, Verify.HERE, sink));
    }

    /// The receiver compares the hash of what the spool or the host has, at first; what a machine has is compared
    /// here, because otherwise the receiver would seem to be at fault.
    private NarSummary narForMachine(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        retained.recall(path);
        var verify = Verify.byReceiver(info);
        if (isSpooled(path)) return context.spool().narFromPath(path, verify, sink);
        var holder = retained.of(path);
        if (holder.isEmpty() && !host.checksNars())
            return fromElsewhere(path, store -> store.narFromPath(path, verify, sink));
        var nar = new HeldBackEnd(sink, info);
        var from = holder.map(RetainedConversation::machine).orElse("the host's store");
        try {
            var addressed = AddressedNar.of(info, nar);
            var summary = fromElsewhere(path, store -> store.narFromPath(path, Verify.HERE, addressed));
            addressed.requireRight(summary, from);
            context.known().proofs().received(info);
            nar.finish();
            return summary;
        } catch (ProtocolException e) {
            if (!nar.hasFailed()) holder.ifPresent(held -> retained.blame(held, path, Failures.describe(e)));
            throw e;
        }
    }

    @Override
    public void notTaken() {
        host.notTaken();
    }

    private boolean isSpooled(StorePath path) {
        return !retained.has(path) && spoolInfo(path).isPresent();
    }

    private interface NarRequest<T> {
        T ask(Store store) throws IOException, InterruptedException;
    }

    /// A NAR from a machine or the host's store. If that or the receiver breaks off, be it by refusing the rest, the
    /// rest is still to come in this conversation, which is of no use then.
    private <T> T fromElsewhere(StorePath path, NarRequest<T> request) throws IOException, InterruptedException {
        var holder = retained.of(path);
        var found = holder.isPresent() ? holder.map(RetainedConversation::store) : host.store();
        var store = found.orElseThrow(() -> notHere(path));
        try {
            return request.ask(store);
        } finally {
            if (holder.isEmpty()) host.dropBrokenOff();
            else if (holder.get().isBrokenOff()) retained.forget(holder.get());
        }
    }

    /// Ends the conversations in which a request broke off in the middle: what comes next there would be taken for
    /// the answer to something else.
    void dropBrokenOff() {
        host.dropBrokenOff();
        retained.dropBrokenOff();
    }

    /// What broke off in the middle ends here; the other conversations are for the next client.
    @Override
    public void close() {
        retained.release();
        promised.release();
        host.release();
        spooled.close();
    }
}
