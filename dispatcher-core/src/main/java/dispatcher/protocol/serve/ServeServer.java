package dispatcher.protocol.serve;

import dispatcher.access.RequestRate;
import dispatcher.graph.Closure;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.HashedRealisations;
import dispatcher.protocol.ClientWatch;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.serve.ServeRequest.AddToStoreNar;
import dispatcher.protocol.serve.ServeRequest.BuildDerivation;
import dispatcher.protocol.serve.ServeRequest.BuildPaths;
import dispatcher.protocol.serve.ServeRequest.DumpStorePath;
import dispatcher.protocol.serve.ServeRequest.ExportPaths;
import dispatcher.protocol.serve.ServeRequest.ImportPaths;
import dispatcher.protocol.serve.ServeRequest.QueryClosure;
import dispatcher.protocol.serve.ServeRequest.QueryPathInfos;
import dispatcher.protocol.serve.ServeRequest.QueryValidPaths;
import dispatcher.store.BuildLog;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.NarCopy;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.TooLargeException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;

/// Answers one client in the serve protocol, from a [Store].
///
/// The protocol has no way to refuse a command: a request that cannot be answered ends the conversation, with the
/// reason on the client's standard error. Confined to one thread, but for the moments of a build when another
/// watches whether the client is still there.
public final class ServeServer {
    private final WireReader in;
    private final WireWriter out;
    private final OutputStream err;
    private final Store store;
    private final ClientWatch watch;
    private final ServeCodec codec;

    /// Greets the client, which must already have been found to speak this protocol, but has not been read
    /// from.
    ///
    /// @param err where build logs go, unbuffered
    public ServeServer(WireReader in, WireWriter out, OutputStream err, Store store, StoreDir storeDir)
            throws IOException {
        this.in = in;
        this.out = out;
        this.err = err;
        this.store = store;
        this.watch = new ClientWatch(in);
        this.codec = ServeCodec.withClient(storeDir, in, out, Greeting.SERVE.newest());
    }

    /// Notices that the client goes, for a store that has something built to answer a question.
    public ClientWatch watch() {
        return watch;
    }

    /// Answers commands until the client goes.
    ///
    /// @throws StoreRefusedException if a command cannot be answered, which ends the conversation
    /// @throws InterruptedException  if the client went in the middle of a build, or the dispatcher stops
    public void run() throws IOException, InterruptedException {
        run(RequestRate.Gate.OPEN);
    }

    /// The same, no faster than `gate` lets commands through.
    public void run(RequestRate.Gate gate) throws IOException, InterruptedException {
        while (watch.awaitRequest()) {
            gate.await();
            in.beginMessage();
            var request = read();
            if (!(request instanceof AddToStoreNar)) in.intake().isRead();
            perform(request);
            out.flush();
            in.intake().ends();
        }
    }

    private ServeRequest read() throws IOException {
        try {
            return codec.readRequest(in, in.readLong());
        } catch (TooLargeException e) {
            throw new TooLargeException(
                    "%s; the setting limits.requestSize of the dispatcher says how large a request may be"
                            .formatted(e.getMessage()));
        }
    }

    private void perform(ServeRequest request) throws IOException, InterruptedException {
        switch (request) {
            case QueryValidPaths query ->
                out.writeStorePaths(codec.storeDir(), validPaths(query.paths(), query.substitute()));
            case QueryPathInfos(var paths) -> {
                for (var path : paths) {
                    var info = store.queryPathInfo(path);
                    if (info.isPresent()) codec.writePathInfo(out, info.get());
                }
                out.writeText("");
            }
            case DumpStorePath(var path) -> store.narFromPath(path, Verify.HERE, out.asStream());
            case QueryClosure(boolean includeOutputs, var paths) -> {
                if (includeOutputs) throw refuse("QueryClosure with outputs");
                out.writeStorePaths(codec.storeDir(), closure(paths));
            }
            case AddToStoreNar(var info) -> {
                in.intake().keeps();
                store.addToStore(
                        List.of(new NarToAdd(info.withoutUltimate(), sink -> NarCopy.copy(in, sink, info.narSize()))));
                out.writeLong(1);
            }
            case BuildDerivation build -> build(build);
            case BuildPaths(var paths, var _) -> answerForPaths(paths);
            case ImportPaths _ -> throw refuseImport();
            case ExportPaths _ -> throw refuse("ExportPaths");
        }
    }

    /// Clients have even those paths "built" that are no derivations, before they copy them from a store.
    private void answerForPaths(List<String> paths) throws IOException, InterruptedException {
        for (var text : paths) {
            var path = WireReader.parse(
                    "path to build", text, wanted -> DerivedPath.parseLegacy(codec.storeDir(), wanted));
            var refused = switch (path) {
                case DerivedPath.Built _ ->
                    "BuildPaths is not done by a build dispatcher: it builds single derivations";
                case DerivedPath.Opaque(var opaque) ->
                    store.queryPathInfo(opaque).isPresent()
                            ? ""
                            : "path '%s' is not here, and a build dispatcher fetches none by itself: copy it here first"
                                    .formatted(text);
            };
            if (!refused.isEmpty()) {
                out.writeLong(BuildStatus.MISC_FAILURE.number()).writeText(refused);
                return;
            }
        }
        out.writeLong(BuildStatus.BUILT.number());
    }

    /// The name and the references of a path come after its NAR there, its hash not at all: nothing could be
    /// checked, or be given its place in the spool, as it comes.
    private static StoreRefusedException refuseImport() {
        return new StoreRefusedException(
                "ImportPaths is not done by a build dispatcher, as it names a path only after the path's content; what sends it, such as Hydra's queue runner in C++, can use the dispatcher through Nix: let it build on localhost, and put the dispatcher into 'builders' of nix.conf there");
    }

    private static StoreRefusedException refuse(String what) {
        return new StoreRefusedException(
                what
                        + " is not done by a build dispatcher: it takes inputs, builds single derivations and hands out results");
    }

    private SortedSet<StorePath> closure(SortedSet<StorePath> paths) throws IOException, InterruptedException {
        return Closure.of(paths, this::infos).paths();
    }

    private Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        var infos = store.queryPathInfos(paths);
        for (var path : paths)
            if (!infos.containsKey(path))
                throw new StoreRefusedException(
                        "path '%s' is not here".formatted(codec.storeDir().print(path)));
        return infos;
    }

    /// Machines may fetch paths meanwhile.
    private SortedSet<StorePath> validPaths(SortedSet<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        if (!substitute) return store.queryValidPaths(paths, false);
        try (var _ = watch.interruptWhenGone()) {
            return store.queryValidPaths(paths, true);
        }
    }

    private void build(BuildDerivation build) throws IOException, InterruptedException {
        try {
            in.intake().keeps();
        } catch (ProtocolException e) {
            codec.writeBuildResult(out, BuildResult.of(BuildStatus.TRANSIENT_FAILURE, String.valueOf(e.getMessage())));
            return;
        }
        BuildResult result;
        var log = new ErrorStreamLog(err, ErrorStreamLog.Clock.SYSTEM);
        try (var _ = watch.interruptWhenGone()) {
            result = result(build, log);
            log.awaitTaken();
        }
        var sent =
                codec.realisesByPath() ? result : HashedRealisations.of(codec.storeDir(), build.derivation(), result);
        codec.writeBuildResult(out, sent.printable());
    }

    private BuildResult result(BuildDerivation build, BuildLog log) throws IOException, InterruptedException {
        try {
            return store.buildDerivation(build.drvPath(), build.derivation(), build.options(), log);
        } catch (StoreRefusedException e) {
            return BuildResult.of(BuildStatus.TRANSIENT_FAILURE, e.reason());
        } finally {
            log.flush();
        }
    }
}
