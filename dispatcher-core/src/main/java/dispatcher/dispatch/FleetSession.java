package dispatcher.dispatch;

import dispatcher.access.ClientIdentity;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientWatch;
import dispatcher.protocol.Failures;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.NarToAdd;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.SpoolSession;
import dispatcher.store.verify.AddressedNar;
import dispatcher.store.verify.BuiltOutput;
import dispatcher.store.verify.HeldBackEnd;
import dispatcher.store.verify.UploadCheck;
import dispatcher.thread.Interruption;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
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
import java.util.function.Predicate;

/// One client's conversation with the whole fleet.
///
/// A path is looked for where the client would miss it most: among the outputs that were built for it and wait on
/// their machine, then in the spool, then in the host's store if the client is on this host, then on the machines
/// that are known to hold it.
///
/// Confined to the client's thread. A machine or a host store that breaks is told to the client as a refusal with the
/// reason; the client's connection goes on, unless a part of a NAR has gone out already.
final class FleetSession implements Store, PathSource {
    private final FleetStore fleet;
    private final ClientIdentity client;
    private final long clientNumber;
    private final long mostLogBytes;
    private final Sight sight;
    private final SpoolSession spooled;
    private final RetainedOutputs holdings;
    private final HostConversation host;
    private final Set<StorePath> built = new HashSet<>();
    private final SessionActivity serving = new SessionActivity();
    private final EarlySends early;

    /// Empty for who stands for no client, and for [#companion].
    private Optional<ClientWatch> watch = Optional.empty();

    /// Whether the client wants machines to fetch from their substituters what they can.
    private boolean substitutes;

    /// Whether it is a client that builds, for which the machines that build fetch that.
    private boolean hasAskedForBuilds;

    FleetSession(FleetStore fleet, ClientIdentity client, long clientNumber, long mostLogBytes, Sight sight) {
        this.fleet = fleet;
        this.client = client;
        this.clientNumber = clientNumber;
        this.mostLogBytes = mostLogBytes;
        this.sight = sight;
        this.holdings = new RetainedOutputs(fleet);
        this.host = new HostConversation(fleet, client);
        this.early = new EarlySends(fleet, this, clientNumber);
        this.spooled = fleet.spool().session(client.credential(), early);
    }

    /// What notices that the client goes while something is made once more for a question of its.
    void attend(ClientWatch newWatch) {
        watch = Optional.of(newWatch);
    }

    // ---- questions

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        // Before it is asked whether they are there: then they cannot go between the question and the answer.
        spooled.keep(paths);
        var valid = new TreeSet<>(fleet.spool().queryValidPaths(paths, false));
        if (!sight.isWhole()) valid.removeIf(path -> spoolInfo(path).isEmpty());
        var rest = new TreeSet<>(paths);
        rest.removeAll(valid);
        for (var path : rest) if (holdings.has(path)) valid.add(path);
        rest.removeAll(valid);
        if (rest.isEmpty()) return valid;
        host.ask(lease -> lease.store().queryValidPaths(rest, false)).ifPresent(valid::addAll);
        rest.removeAll(valid);
        valid.addAll(holdings.findOnMachines(visibleOnMachines(rest)));
        // What the machines' caches have may not be for everybody.
        if (!substitute || !sight.isWhole()) return valid;
        substitutes = true;
        rest.removeAll(valid);
        valid.addAll(holdings.findInSubstituters(rest));
        return valid;
    }

    @Override
    public void fetchPromised() throws IOException, InterruptedException {
        var missing = holdings.redeemAll();
        if (missing.isEmpty()) return;
        var path = missing.first();
        var reason = holdings.unproven(missing)
                .orElseGet(() -> "a machine said that its substituters have '%s', and did not get it from there"
                        .formatted(path));
        throw new StoreRefusedException(
                "%d paths are not here, of which machines were to fetch substitutes: %s; copy once more, and they are sent"
                        .formatted(missing.size(), reason));
    }

    /// The same for a client that has left without a word of that. What it was told is true from then on.
    void keepPromises() throws IOException, InterruptedException {
        if (!hasAskedForBuilds) fetchPromised();
    }

    /// Whose conversation it is.
    ClientIdentity client() {
        return client;
    }

    boolean substitutes() {
        return substitutes;
    }

    /// What the spool knows of a path that the client may see. For any thread.
    Optional<PathInfo> spoolInfo(StorePath path) {
        return fleet.spool().queryPathInfo(path).filter(sight::sees);
    }

    private Collection<StorePath> visibleOnMachines(Collection<StorePath> paths) {
        if (sight.isWhole()) return paths;
        return paths.stream().filter(sight::seesOnMachines).toList();
    }

    /// An isolated client is told of what it knows the name of, but given no list of anything that others have sent.
    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        var paths = new TreeSet<>(sight.isWhole() ? fleet.spool().queryAllValidPaths() : spooled.uploaded());
        paths.addAll(holdings.paths());
        return paths;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return info(path);
            } catch (SourceFailedException e) {
                var reason = Failures.describe(e);
                if (attempt == fleet.limits().maxAttempts() || !isMadeAgainForClient(path, reason))
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

    /// Somebody who is believed says what these paths hold.
    private void believe(Collection<PathInfo> infos) {
        fleet.sizes().add(infos);
        fleet.proofs().believe(infos);
    }

    private Optional<PathInfo> findInfo(StorePath path) throws IOException, InterruptedException {
        var held = holdings.info(path);
        if (held.isPresent()) return held;
        spooled.keep(List.of(path));
        var known = spoolInfo(path);
        if (known.isEmpty())
            known = host.ask(lease -> lease.store().queryPathInfo(path))
                    .flatMap(found -> found.map(PathInfo::withoutUltimate));
        if (known.isPresent()) {
            believe(List.of(known.get()));
            return known;
        }
        holdings.findOnMachines(visibleOnMachines(List.of(path)));
        if (!holdings.has(path)) holdings.redeem(path);
        return holdings.info(path);
    }

    /// The host's store is asked for all at once.
    @Override
    public Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        spooled.keep(paths);
        var infos =
                knownInfos(paths.stream().filter(path -> !holdings.has(path)).toList());
        infos.replaceAll((_, info) -> info.withoutUltimate());
        believe(infos.values());
        for (var path : paths) if (!infos.containsKey(path)) info(path).ifPresent(info -> infos.put(path, info));
        return infos;
    }

    /// Whether machines have all of `paths`; from then on this client can fetch them.
    boolean isOnMachines(Collection<StorePath> paths) throws InterruptedException {
        var rest = paths.stream().filter(path -> !holdings.has(path)).toList();
        return holdings.findOnMachines(visibleOnMachines(rest)).containsAll(rest);
    }

    // ---- realisations

    @Override
    public Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        var known = new ArrayList<>(fleet.spool().realisations(id));
        fleet.heldRealisations().of(id).ifPresent(known::add);
        for (var realisation : known)
            if (sight.sees(realisation) && has(realisation.outPath())) return Optional.of(realisation);
        return Optional.empty();
    }

    private boolean has(StorePath path) throws IOException, InterruptedException {
        return queryValidPaths(List.of(path), false).contains(path);
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        var path = realisation.outPath();
        if (!has(path))
            throw new StoreRefusedException(
                    "cannot register '%s' as the output '%s': that path is not here; copy it here first"
                            .formatted(fleet.storeDir().print(path), realisation.id()));
        var kept = realisation.withSignatures(UploadCheck.readable(realisation.signatures()));
        if (!spooled.keep(kept)) fleet.heldRealisations().add(kept);
    }

    // ---- NARs

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var said : paths) {
            var path = UploadCheck.check(said, fleet.storeDir());
            spooled.addToStore(List.of(path));
            early.uploaded(path.info().path());
            var present = fleet.spool().queryPathInfo(path.info().path());
            if (present.isEmpty()) continue;
            believe(List.of(present.get()));
            sight.uploaded(path.info(), present.get());
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return switch (verify) {
            case Verify.Here _ -> narForClient(path, sink);
            case Verify.ByReceiver(var told) -> narForMachine(told, sink);
        };
    }

    /// The end of the NAR is held back until all of it has been found to be what the path's info says. If its machine
    /// breaks in the middle, the rest comes from where it is made once more.
    private NarSummary narForClient(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var info = queryPathInfo(path)
                .orElseThrow(() -> new StoreRefusedException("path '%s' is not here".formatted(path)));
        var nar = new HeldBackEnd(serving.fetching(sink), info.narSize());
        for (int attempt = 1; ; attempt++) {
            var holding = holdings.of(path);
            var from = holding.map(RetainedConversation::machine).orElse("spool or host");
            long begun = fleet.nanoTime();
            try {
                var addressed = AddressedNar.of(info, nar);
                var summary = checkedNar(info, addressed);
                if (holding.isPresent()) {
                    addressed.requireRight(summary, from);
                    fleet.proofs().received(info);
                } else summary.requireSameAs(info, from);
                nar.finish();
                var took = Duration.ofNanos(fleet.nanoTime() - begun);
                fleet.listener().outputSent(clientNumber, path, from, summary.size(), took);
                holding.ifPresent(held -> holdings.fetched(held, path));
                return summary;
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                if (nar.hasFailed()) throw e;
                var reason = Failures.describe(e);
                if (e instanceof ProtocolException) holding.ifPresent(held -> holdings.distrust(held, path, reason));
                // A machine that went away still has it when it is back.
                holding.ifPresent(holdings::forget);
                // Of one that gives a wrong NAR, the client has bytes that are not to be completed with right ones.
                boolean again = holding.isPresent()
                        && !(e instanceof ProtocolException)
                        && attempt < fleet.limits().maxAttempts()
                        && isMadeAgainForClient(path, reason)
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

    /// What the spool has was hashed when it came, and so was what is here already.
    private NarSummary checkedNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        var early = holdings.of(path).flatMap(held -> held.takeNar(path));
        if (early.isPresent()) {
            early.get().writeTo(sink);
            return new NarSummary(info.narHash(), early.get().length());
        }
        if (isSpooled(path)) return fleet.spool().narFromPath(path, Verify.HERE, sink);
        return fromElsewhere(path, store -> store.narFromPath(path, Verify.HERE, sink));
    }

    /// The receiver compares the hash of what the spool or the host has, at first; what a machine has is compared
    /// here, or else it would be the receiver that is taken to be at fault.
    private NarSummary narForMachine(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        var path = info.path();
        holdings.recall(path);
        var verify = Verify.byReceiver(info);
        if (isSpooled(path)) return fleet.spool().narFromPath(path, verify, sink);
        var holding = holdings.of(path);
        if (holding.isEmpty() && !host.checksNars())
            return fromElsewhere(path, store -> store.narFromPath(path, verify, sink));
        var nar = new HeldBackEnd(sink, info.narSize());
        var from = holding.map(RetainedConversation::machine).orElse("the host's store");
        try {
            var addressed = AddressedNar.of(info, nar);
            var summary = fromElsewhere(path, store -> store.narFromPath(path, Verify.HERE, addressed));
            addressed.requireRight(summary, from);
            fleet.proofs().received(info);
            nar.finish();
            return summary;
        } catch (ProtocolException e) {
            if (!nar.hasFailed()) holding.ifPresent(held -> holdings.distrust(held, path, Failures.describe(e)));
            throw e;
        }
    }

    @Override
    public void notTaken() {
        host.notTaken();
    }

    private boolean isSpooled(StorePath path) {
        return !holdings.has(path) && spoolInfo(path).isPresent();
    }

    private interface NarRequest<T> {
        T ask(Store store) throws IOException, InterruptedException;
    }

    /// A NAR from a machine or the host's store. Whoever breaks off, that or the receiver, be it by refusing the rest:
    /// that is still to come in this conversation, which is of no use then.
    private <T> T fromElsewhere(StorePath path, NarRequest<T> request) throws IOException, InterruptedException {
        var holding = holdings.of(path);
        var found = holding.isPresent() ? holding.map(RetainedConversation::store) : host.store();
        var store = found.orElseThrow(() -> new StoreRefusedException("path '%s' is not here".formatted(path)));
        try {
            return request.ask(store);
        } finally {
            if (holding.isEmpty()) host.dropBrokenOff();
            else if (holding.get().isBrokenOff()) holdings.forget(holding.get());
        }
    }

    // ---- builds

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        var hidden = hiddenInput(derivation);
        if (hidden.isPresent())
            return BuildResult.of(
                    BuildStatus.INPUT_REJECTED,
                    "'%s' is not built: its input %s is not here, or not for you to see, and you have to copy it here first"
                            .formatted(drvPath, hidden.get()));
        return build(drvPath, derivation, options, log);
    }

    /// What an isolated client would have a build read, and cannot see itself.
    private Optional<StorePath> hiddenInput(BasicDerivation derivation) throws IOException, InterruptedException {
        if (sight.isWhole()) return Optional.empty();
        var unknown = Closure.of(new TreeSet<>(derivation.inputSources()), this::infos)
                .unknown();
        return unknown.isEmpty() ? Optional.empty() : Optional.of(unknown.first());
    }

    private BuildResult build(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws InterruptedException {
        hasAskedForBuilds = true;
        var objection = Passable.objection(drvPath, derivation, fleet.storeDir());
        if (objection.isPresent()) return BuildResult.of(BuildStatus.INPUT_REJECTED, objection.get());
        serving.buildBegins();
        early.buildBegins();
        try {
            var limited = options.orLimitsOf(fleet.limits().builds()).withLogLimit(mostLogBytes);
            var run = new BuildRun(fleet, this, clientNumber, drvPath, derivation, limited, log);
            var result = run.run();
            if (result.isSuccess()) {
                var recipe = new Recipe(drvPath, derivation, options.withMode(BuildMode.NORMAL));
                var outputs = Recipe.outputs(derivation, result);
                fleet.recipes().add(outputs, recipe);
                sight.built(outputs);
                if (!run.wasFound()) built.addAll(outputs);
            }
            return result;
        } finally {
            serving.buildEnds();
        }
    }

    /// A build of this client's had these made, and its outputs refer to them.
    void isMadeInBuild(Collection<StorePath> paths) {
        sight.built(paths);
        built.addAll(paths);
    }

    /// These came out of an equal build that the client has waited for.
    void isBuilt(Collection<StorePath> outputs) {
        sight.built(outputs);
    }

    /// Whether a machine has built it for this client, or for another who wanted the same at that time. What
    /// was found on a machine may have come there otherwise.
    boolean hasBuilt(StorePath path) {
        return built.contains(path);
    }

    /// Whether a build goes on, or the client is still about to fetch what came out. For any thread.
    boolean isBusy() {
        return serving.goesOn();
    }

    /// Has an output made once more, after the machine that had it broke. Not to be called by who has a slot, for
    /// which this might wait for ever.
    private boolean isMadeAgain(StorePath output, String reason) throws InterruptedException {
        var recipe = fleet.recipes().of(output);
        if (recipe.isEmpty()) return false;
        fleet.listener().outputLost(clientNumber, output, reason);
        return build(
                                recipe.get().drvPath(),
                                recipe.get().derivation(),
                                recipe.get().options(),
                                BuildLog.NONE)
                        .isSuccess()
                && holdings.has(output);
    }

    /// The same for an output that the client asks for, until it goes. On the client's thread.
    private boolean isMadeAgainForClient(StorePath output, String reason) throws InterruptedException {
        if (watch.isEmpty()) return isMadeAgain(output, reason);
        try (var _ = watch.get().interruptWhenGone()) {
            return isMadeAgain(output, reason);
        }
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

    /// Another conversation with the fleet for the same client, so that a second attempt at a build, or a
    /// thread that helps to copy, gets its inputs while the first uses this one. To be made while this one
    /// answers no client, and closed.
    FleetSession companion() {
        var companion = new FleetSession(fleet, client, clientNumber, mostLogBytes, sight);
        companion.substitutes = substitutes;
        holdings.shareWith(companion.holdings);
        return companion;
    }

    /// Why none of `paths` was had from a machine that has it; empty if none has, as far as was asked.
    Optional<String> unproven(Collection<StorePath> paths) {
        return holdings.unproven(paths);
    }

    /// Ends the conversations in which an attempt was stopped in the middle of a request: what came next
    /// there would be taken for the answer to something else.
    void dropBrokenOff() {
        host.dropBrokenOff();
        holdings.dropBrokenOff();
    }

    /// Keeps the machine's conversation for the client to fetch `outputs` from.
    ///
    /// @param link used by the caller
    void hold(MachineLink link, StorePool.Lease lease, Collection<BuiltOutput> outputs) {
        holdings.hold(link, lease, outputs);
    }

    /// What is known of those of `paths` that need no machine to be asked.
    Map<StorePath, PathInfo> knownInfos(Collection<StorePath> paths) throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        var rest = new ArrayList<StorePath>();
        for (var path : paths) spoolInfo(path).ifPresentOrElse(info -> infos.put(path, info), () -> rest.add(path));
        if (!rest.isEmpty())
            host.ask(lease -> lease.store().queryPathInfos(rest)).ifPresent(infos::putAll);
        return infos;
    }

    /// What broke off in the middle ends here; the other conversations are for the next client.
    @Override
    public void close() {
        fleet.closed(this);
        early.close();
        holdings.release();
        host.release();
        spooled.close();
    }
}
