package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.build.BuildOrder;
import dispatcher.build.BuildOutcome;
import dispatcher.build.OutputLookup;
import dispatcher.graph.Closure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientWatch;
import dispatcher.protocol.Failures;
import dispatcher.session.rights.Passable;
import dispatcher.session.rights.Sight;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.store.NarToAdd;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.verify.AddressedNar;
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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// One client's conversation with the whole fleet, as one store.
///
/// Confined to the client's thread. If a machine or a host store breaks, the client gets a refusal with the reason;
/// its connection goes on, unless a part of a NAR has gone out already.
public final class ClientSession implements Store, OutputLookup {
    private final SessionContext context;
    private final ClientIdentity client;
    private final long clientNumber;
    private final long mostLogBytes;
    private final Sight sight;
    private final SessionPaths paths;
    private final RetainedOutputs retained;
    private final Rebuilder rebuilder;
    private final SessionInputs inputs;
    private final Set<StorePath> built = new HashSet<>();
    private final SessionActivity activity = new SessionActivity();
    private final EarlySends early;
    private final Consumer<ClientSession> whenClosed;

    /// Whether it is a client that builds, for which the machines that build fetch what substituters have.
    private boolean hasAskedForBuilds;

    /// @param mostLogBytes of each of its builds
    /// @param whenClosed   called at the end
    ClientSession(
            SessionContext context,
            ClientIdentity client,
            long clientNumber,
            long mostLogBytes,
            Sight sight,
            Consumer<ClientSession> whenClosed) {
        this.context = context;
        this.client = client;
        this.clientNumber = clientNumber;
        this.mostLogBytes = mostLogBytes;
        this.sight = sight;
        this.whenClosed = whenClosed;
        this.early = new EarlySends(context, client, clientNumber, this::paths);
        this.paths = new SessionPaths(context, client, sight, early);
        this.retained = paths.retained();
        this.rebuilder = new Rebuilder(context, clientNumber, paths, this::isBuiltFrom);
        this.inputs = new SessionInputs(paths, rebuilder);
    }

    /// Where the client's paths are.
    SessionPaths paths() {
        return paths;
    }

    /// Rebuilds for a question of the client's end when the client goes.
    void attend(ClientWatch watch) {
        rebuilder.attend(watch);
    }

    /// Before a client sends all that a build needs whose machine there is not.
    private void requireMachine() throws StoreRefusedException {
        var objection = client.machine().flatMap(context.machines()::noMachine);
        if (objection.isPresent()) throw new StoreRefusedException(objection.get());
    }

    // ---- questions

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> wanted, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        requireMachine();
        return paths.validPaths(wanted, substitute);
    }

    @Override
    public void fetchPromised() throws IOException, InterruptedException {
        var missing = paths.promised().fetchAll();
        if (missing.isEmpty()) return;
        var path = missing.first();
        var reason = retained.unproven(missing)
                .orElseGet(() -> "a machine said that its substituters have '%s', and did not get it from there"
                        .formatted(path));
        throw new StoreRefusedException(
                "%d paths are not here, of which machines were to fetch substitutes: %s; copy once more, and they are sent"
                        .formatted(missing.size(), reason));
    }

    /// The same for a client that has left without closing. What it heard must stay true.
    void keepPromises() throws IOException, InterruptedException {
        if (hasAskedForBuilds) return;
        if (paths.substitutes()) context.learned().promises().copies(client.credential());
        fetchPromised();
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        return paths.listed();
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                return paths.info(path);
            } catch (SourceFailedException e) {
                var reason = Failures.describe(e);
                if (attempt == context.builds().policy().maxAttempts()
                        || !rebuilder.isBuiltAgainForClient(path, reason))
                    throw new StoreRefusedException(reason + "; build it again", e);
            }
        }
    }

    // ---- realisations

    @Override
    public Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        var known = new ArrayList<>(context.spool().realisations(id));
        context.learned().realisations().of(id).ifPresent(known::add);
        for (var realisation : known)
            if (sight.sees(realisation) && paths.has(realisation.outPath())) return Optional.of(realisation);
        return Optional.empty();
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        var path = realisation.outPath();
        if (!paths.has(path))
            throw new StoreRefusedException(
                    "cannot register '%s' as the output '%s': that path is not here; copy it here first"
                            .formatted(context.storeDir().print(path), realisation.id()));
        var kept = realisation.withSignatures(UploadCheck.readable(realisation.signatures()));
        if (!paths.spooled().keep(kept)) context.learned().realisations().add(kept);
    }

    // ---- NARs

    @Override
    public void addToStore(List<NarToAdd> uploads) throws IOException, InterruptedException {
        requireMachine();
        for (var said : uploads) {
            var path = UploadCheck.check(said, context.storeDir());
            paths.spooled().addToStore(List.of(path));
            early.uploaded(path.info().path());
            var present = context.spool().queryPathInfo(path.info().path());
            if (present.isEmpty()) continue;
            context.known().believe(List.of(present.get()));
            sight.uploaded(path.info(), present.get());
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return switch (verify) {
            case Verify.Here _ -> narForClient(path, sink);
            case Verify.ByReceiver _ -> paths.narFromPath(path, verify, sink);
        };
    }

    /// The end of the NAR is held back until all of it has been found to be what the path's info says. If its
    /// machine breaks in the middle, the rest comes from where it is made once more.
    private NarSummary narForClient(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var info = queryPathInfo(path)
                .orElseThrow(() -> new StoreRefusedException("path '%s' is not here".formatted(path)));
        var nar = new HeldBackEnd(activity.fetching(sink), info);
        for (int attempt = 1; ; attempt++) {
            var holding = retained.of(path);
            var from = holding.map(RetainedConversation::machine).orElse("spool or host");
            long begun = context.nanoTime().getAsLong();
            try {
                var addressed = AddressedNar.of(info, nar);
                var summary = paths.hashedNar(info, addressed);
                if (holding.isPresent()) {
                    addressed.requireRight(summary, from);
                    context.known().proofs().received(info);
                } else summary.requireSameAs(info, from);
                nar.finish();
                var took = Duration.ofNanos(context.nanoTime().getAsLong() - begun);
                context.listener().outputSent(clientNumber, path, from, summary.size(), took);
                holding.ifPresent(held -> retained.fetched(held, path));
                return summary;
            } catch (StoreRefusedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                if (nar.hasFailed()) throw e;
                var reason = Failures.describe(e);
                if (e instanceof ProtocolException) holding.ifPresent(held -> retained.blame(held, path, reason));
                // A machine that went away still has it when it is back.
                holding.ifPresent(retained::forget);
                // Of one that gives a wrong NAR, the client has bytes that are not to be completed with right ones.
                boolean again = holding.isPresent()
                        && !(e instanceof ProtocolException)
                        && attempt < context.builds().policy().maxAttempts()
                        && rebuilder.isBuiltAgainForClient(path, reason)
                        && isTheSame(path, info);
                if (!again) {
                    context.listener().outputFailed(clientNumber, path, from, reason);
                    throw new StoreRefusedException(
                            "cannot hand out '%s' from %s: %s".formatted(path, from, reason), e);
                }
                nar.startAgain();
            }
        }
    }

    private boolean isTheSame(StorePath path, PathInfo before) throws IOException, InterruptedException {
        return paths.info(path)
                .filter(now -> now.narHash().equals(before.narHash()))
                .isPresent();
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
        var unknown = Closure.of(new TreeSet<>(derivation.inputSources()), paths::infos)
                .unknown();
        return unknown.isEmpty() ? Optional.empty() : Optional.of(unknown.first());
    }

    private BuildResult build(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws InterruptedException {
        hasAskedForBuilds = true;
        context.learned().promises().builds(client.credential());
        var objection = Passable.objection(drvPath, derivation, context.storeDir());
        if (objection.isPresent()) return BuildResult.of(BuildStatus.INPUT_REJECTED, objection.get());
        activity.buildBegins();
        early.buildBegins();
        try {
            var limited = options.orLimitsOf(context.builds().policy().builds()).withLogLimit(mostLogBytes);
            var order = new BuildOrder(client, clientNumber, drvPath, derivation, limited, inputs, this, log);
            var outcome = context.builds().run(order);
            take(outcome, new Recipe(drvPath, derivation, options.withMode(BuildMode.NORMAL)));
            return outcome.result();
        } finally {
            activity.buildEnds();
        }
    }

    private void take(BuildOutcome outcome, Recipe recipe) {
        if (outcome instanceof BuildOutcome.Built made) {
            var held = made.outputs();
            sight.built(held.madeInBuild());
            built.addAll(held.madeInBuild());
            retained.hold(held);
        }
        if (!outcome.result().isSuccess()) return;
        var outputs = outcome.result().outputPaths(recipe.derivation());
        context.learned().recipes().add(outputs, recipe);
        sight.built(outputs);
        if (!(outcome instanceof BuildOutcome.Found)) built.addAll(outputs);
    }

    private boolean isBuiltFrom(Recipe recipe) throws InterruptedException {
        return build(recipe.drvPath(), recipe.derivation(), recipe.options(), BuildLog.NONE)
                .isSuccess();
    }

    @Override
    public boolean areOnMachines(Collection<StorePath> outputs) throws InterruptedException {
        return paths.areOnMachines(outputs);
    }

    /// An isolated client may see them as if they had been built for it.
    @Override
    public boolean canBeFetched(Collection<StorePath> outputs) throws IOException, InterruptedException {
        sight.built(outputs);
        return paths.validPaths(outputs, false).containsAll(outputs);
    }

    /// Whether a machine has built it for this client, or for another one that wanted the same at that time. What
    /// was found on a machine may have come there otherwise.
    boolean hasBuilt(StorePath path) {
        return built.contains(path);
    }

    /// Whether a build goes on, or the client is still about to fetch what came out. For any thread.
    boolean isBusy() {
        return activity.goesOn();
    }

    @Override
    public void close() {
        whenClosed.accept(this);
        early.close();
        paths.close();
    }
}
