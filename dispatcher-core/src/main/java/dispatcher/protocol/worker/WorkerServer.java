package dispatcher.protocol.worker;

import dispatcher.access.RequestRate;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.aterm.HashedRealisations;
import dispatcher.protocol.ClientWatch;
import dispatcher.protocol.worker.WorkerRequest.AddMultipleToStore;
import dispatcher.protocol.worker.WorkerRequest.AddTempRoot;
import dispatcher.protocol.worker.WorkerRequest.AddTempRoots;
import dispatcher.protocol.worker.WorkerRequest.AddToStoreNar;
import dispatcher.protocol.worker.WorkerRequest.BuildDerivation;
import dispatcher.protocol.worker.WorkerRequest.BuildPaths;
import dispatcher.protocol.worker.WorkerRequest.EnsurePath;
import dispatcher.protocol.worker.WorkerRequest.IsValidPath;
import dispatcher.protocol.worker.WorkerRequest.NarFromPath;
import dispatcher.protocol.worker.WorkerRequest.Other;
import dispatcher.protocol.worker.WorkerRequest.Payload;
import dispatcher.protocol.worker.WorkerRequest.QueryAllValidPaths;
import dispatcher.protocol.worker.WorkerRequest.QueryMissing;
import dispatcher.protocol.worker.WorkerRequest.QueryPathFromHashPart;
import dispatcher.protocol.worker.WorkerRequest.QueryPathInfo;
import dispatcher.protocol.worker.WorkerRequest.QueryPathInfos;
import dispatcher.protocol.worker.WorkerRequest.QueryRealisation;
import dispatcher.protocol.worker.WorkerRequest.QuerySubstitutablePathInfos;
import dispatcher.protocol.worker.WorkerRequest.QuerySubstitutablePaths;
import dispatcher.protocol.worker.WorkerRequest.QueryValidPaths;
import dispatcher.protocol.worker.WorkerRequest.RegisterDrvOutput;
import dispatcher.protocol.worker.WorkerRequest.SetOptions;
import dispatcher.protocol.worker.WorkerRequest.SyncWithGc;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.FramedInput;
import dispatcher.wire.NarCopy;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.TooLargeException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Answers one client in the worker protocol, from a [Store].
///
/// Confined to one thread, but for the moments of a build when another watches whether the client is still there. The
/// client's trust matters here for two things only: what the client learns of it, and whether a build by the path of
/// a `.drv` file is allowed, as newer clients without trust ask for. The store enforces the rest.
public final class WorkerServer {
    private static final int MAX_SILENT_TIME = 5;

    /// Memory for a place in a sorted set.
    private static final long ANSWERED_PATH = 48;

    private final WireReader in;
    private final WireWriter out;
    private final Store store;
    private final ClientWatch watch;
    private final Trust trust;
    private final WorkerCodec codec;
    private final MessageCodec messages;
    private BuildOptions buildOptions = BuildOptions.DEFAULT;
    /// Whether the request at hand has had its LAST or its ERROR, after which neither may be said any more.
    private boolean answered;

    /// Greets the client, which must already have been found to speak this protocol, but has not been read
    /// from.
    ///
    /// @param programVersion what we call ourselves, where clients show a Nix version
    public WorkerServer(WireReader in, WireWriter out, Store store, StoreDir storeDir, String programVersion)
            throws IOException {
        this(in, out, store, storeDir, programVersion, Trust.TRUSTED);
    }

    /// @param trust the level of trust that the client hears of
    public WorkerServer(
            WireReader in, WireWriter out, Store store, StoreDir storeDir, String programVersion, Trust trust)
            throws IOException {
        this(in, out, store, storeDir, new DaemonInfo(programVersion, trust), WorkerHandshake.SERVER);
    }

    /// @param daemon    what the client hears of us
    /// @param handshake with what to offer
    WorkerServer(
            WireReader in, WireWriter out, Store store, StoreDir storeDir, DaemonInfo daemon, WorkerHandshake handshake)
            throws IOException {
        this.trust = daemon.trust();
        this.in = in;
        this.out = out;
        this.store = store;
        this.watch = new ClientWatch(in);
        var agreed = handshake.withClient(storeDir, daemon, in, out);
        this.codec = agreed.codec();
        this.messages = agreed.messages();
    }

    /// Notices that the client goes, for a store that has something built to answer a question.
    public ClientWatch watch() {
        return watch;
    }

    /// Answers requests until the client goes.
    ///
    /// @throws InterruptedException if the client went in the middle of a build, or the dispatcher stops
    public void run() throws IOException, InterruptedException {
        run(RequestRate.Gate.OPEN);
    }

    /// The same, no faster than `gate` lets requests through.
    public void run(RequestRate.Gate gate) throws IOException, InterruptedException {
        while (watch.awaitRequest()) {
            gate.await();
            in.beginMessage();
            long number = in.readLong();
            var operation = WorkerOperation.of(number);
            if (operation.isEmpty()) {
                var unknown = "operation %s is none of the worker protocol %s"
                        .formatted(Long.toUnsignedString(number), codec.version());
                fail(unknown);
                throw new ProtocolException(unknown);
            }
            WorkerRequest request;
            try {
                request = codec.readRequest(in, operation.get());
            } catch (TooLargeException e) {
                fail("%s: %s; the setting limits.requestSize of the dispatcher says how large a request may be"
                        .formatted(operation.get().nixName(), e.getMessage()));
                throw e;
            } catch (ProtocolException e) {
                fail("%s: %s".formatted(operation.get().nixName(), e.getMessage()));
                throw e;
            }
            if (codec.payload(request) == Payload.NONE) in.intake().isRead();
            answer(request);
            in.intake().ends();
        }
    }

    private void answer(WorkerRequest request) throws IOException, InterruptedException {
        answered = false;
        try {
            perform(request);
        } catch (StoreRefusedException e) {
            if (answered) throw new IOException("the reply broke off: " + e.reason(), e);
            fail(e.reason());
        } catch (IOException e) {
            sayLast(e);
            throw e;
        }
        out.flush();
    }

    /// Sends the client the reason why the conversation ends, if that may still be sent.
    private void sayLast(IOException reason) {
        if (answered) return;
        try {
            fail(String.valueOf(reason.getMessage()));
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private void perform(WorkerRequest request) throws IOException, InterruptedException {
        switch (request) {
            case IsValidPath(var path) -> {
                boolean valid = store.queryPathInfo(path).isPresent();
                reply().writeBool(valid);
            }
            case QueryPathInfo(var path) -> {
                var info = store.queryPathInfo(path);
                reply().writeBool(info.isPresent());
                if (info.isPresent()) codec.writePathInfo(out, info.get());
            }
            case QueryValidPaths(var paths, boolean substitute) -> {
                var valid = validPaths(paths, substitute);
                reply().writeStorePaths(codec.storeDir(), valid);
            }
            case QueryAllValidPaths() -> {
                var valid = allPaths();
                reply().writeStorePaths(codec.storeDir(), valid);
            }
            case NarFromPath(var path) -> sendNar(path);
            case AddToStoreNar add -> receiveNar(request, add.info());
            case AddMultipleToStore add -> receiveNars(add.dontCheckSignatures());
            case BuildDerivation build -> build(build);
            case AddTempRoot(var path) -> {
                store.queryValidPaths(Set.of(path), false);
                reply().writeLong(1);
            }
            case SyncWithGc() -> reply().writeLong(1);
            case EnsurePath(var path) -> {
                ensure(path);
                reply().writeLong(1);
            }
            case BuildPaths wanted -> answerForPaths(wanted);
            case QueryMissing(var wanted) -> answerWhatIsMissing(wanted);
            case QuerySubstitutablePaths(var paths) -> {
                var substitutable = store.querySubstitutablePaths(paths);
                reply().writeStorePaths(codec.storeDir(), substitutable);
            }
            case QuerySubstitutablePathInfos _ -> reply().writeLong(0);
            case QueryPathFromHashPart(var hashPart) -> {
                var found = allPaths().stream()
                        .filter(path -> path.hashPart().equals(hashPart))
                        .findFirst();
                reply().writeOptionalStorePath(codec.storeDir(), found);
            }
            case AddTempRoots(var paths) -> {
                store.queryValidPaths(paths, false);
                reply().writeLong(1);
            }
            case QueryPathInfos(var paths) -> {
                var infos = store.queryPathInfos(paths);
                reply().writeLong(infos.size());
                for (var info : infos.values()) codec.writeKeyedPathInfo(out, info);
            }
            case QueryRealisation(var id) -> {
                var known = store.queryRealisation(id);
                codec.writeKnownRealisation(reply(), known);
            }
            case RegisterDrvOutput(var realisation) -> {
                store.registerRealisation(realisation);
                reply();
            }
            case SetOptions(var values, var overrides) -> {
                buildOptions = new BuildOptions(
                        BuildOptions.BuildMode.NORMAL,
                        seconds(values.get(MAX_SILENT_TIME)),
                        overrides.containsKey("timeout")
                                ? seconds(overrides.get("timeout").utf8())
                                : Duration.ZERO,
                        0,
                        values.getFirst() != 0);
                reply();
            }
            case Other other -> {
                dropPayload(request);
                throw notDone(other.operation());
            }
        }
    }

    private static StoreRefusedException notDone(WorkerOperation operation) {
        return new StoreRefusedException(
                "%s is not done by a build dispatcher: it takes inputs, builds single derivations and hands out results"
                        .formatted(operation.nixName()));
    }

    /// As many as there are, which is little to ask and may be much to answer.
    private SortedSet<StorePath> allPaths() throws IOException, InterruptedException {
        var all = store.queryAllValidPaths();
        in.intake().takes(ANSWERED_PATH * all.size());
        return all;
    }

    private void ensure(StorePath path) throws IOException, InterruptedException {
        if (store.queryPathInfo(path).isEmpty())
            throw new StoreRefusedException(
                    "path '%s' is not here, and a build dispatcher fetches none by itself: copy it here first"
                            .formatted(codec.storeDir().print(path)));
    }

    /// Clients have even those paths "built" that are no derivations, before they copy them from a store.
    private void answerForPaths(BuildPaths wanted) throws IOException, InterruptedException {
        boolean builds = wanted.paths().stream().anyMatch(DerivedPath.Built.class::isInstance);
        if (builds && trust != Trust.NOT_TRUSTED) throw notDone(wanted.operation());
        List<BuildResult> results;
        if (builds) {
            keepRequest();
            try (var _ = watch.interruptWhenGone()) {
                results = results(wanted);
            }
        } else {
            results = results(wanted);
        }
        reply();
        if (wanted.operation() == WorkerOperation.BUILD_PATHS) {
            out.writeLong(1);
            return;
        }
        out.writeLong(wanted.paths().size());
        for (int i = 0; i < results.size(); i++) {
            codec.writeDerivedPath(out, wanted.paths().get(i));
            codec.writeBuildResult(out, results.get(i).printable());
        }
    }

    private void keepRequest() throws StoreRefusedException {
        try {
            in.intake().keeps();
        } catch (ProtocolException e) {
            throw new StoreRefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    private List<BuildResult> results(BuildPaths wanted) throws IOException, InterruptedException {
        var results = new ArrayList<BuildResult>();
        for (var path : wanted.paths()) {
            switch (path) {
                case DerivedPath.Opaque(var opaque) -> {
                    ensure(opaque);
                    results.add(BuildResult.of(BuildStatus.ALREADY_VALID, ""));
                }
                case DerivedPath.Built(var drvPath, var _) -> results.add(buildStored(drvPath, wanted));
            }
        }
        return results;
    }

    private BuildResult buildStored(StorePath drvPath, BuildPaths wanted) throws IOException, InterruptedException {
        var options = buildOptions.withMode(wanted.mode());
        var result = logged(drvPath, log -> store.buildStoredDerivation(drvPath, options, log));
        if (wanted.operation() == WorkerOperation.BUILD_PATHS && !result.isSuccess())
            throw new StoreRefusedException(
                    "build of '%s' failed: %s".formatted(codec.storeDir().print(drvPath), result.message()));
        return result;
    }

    /// Nothing is said of derivations, which are only built one by one.
    private void answerWhatIsMissing(List<DerivedPath> wanted) throws IOException, InterruptedException {
        var missing = new TreeSet<StorePath>();
        for (var path : wanted) if (path instanceof DerivedPath.Opaque(var opaque)) missing.add(opaque);
        missing.removeAll(store.queryValidPaths(missing, false));
        var substitutable = store.querySubstitutablePaths(missing);
        missing.removeAll(substitutable);
        reply().writeLong(0)
                .writeStorePaths(codec.storeDir(), substitutable)
                .writeStorePaths(codec.storeDir(), missing)
                .writeLong(0)
                .writeLong(0);
    }

    private static Duration seconds(long value) {
        return value < 0 || value > Integer.MAX_VALUE ? Duration.ZERO : Duration.ofSeconds(value);
    }

    private static Duration seconds(String text) {
        try {
            return seconds(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return Duration.ZERO;
        }
    }

    /// Says that the request is done and its reply follows.
    private WireWriter reply() throws IOException {
        answered = true;
        messages.write(out, new WorkerMessage.Last());
        return out;
    }

    private void fail(String message) throws IOException {
        answered = true;
        messages.write(out, WorkerMessage.Failure.saying(message));
        out.flush();
    }

    private void sendNar(StorePath path) throws IOException, InterruptedException {
        store.narFromPath(path, Verify.HERE, new ReplyOnFirstByte());
    }

    /// A NAR follows the word that the request is done, after which nothing can be refused any more; so that
    /// word waits until the NAR has begun.
    private final class ReplyOnFirstByte extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (!answered) reply();
            out.writeRaw(bytes, offset, length);
        }
    }

    /// Machines may fetch paths meanwhile.
    private SortedSet<StorePath> validPaths(SortedSet<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        if (!substitute) return store.queryValidPaths(paths, false);
        try (var _ = watch.interruptWhenGone()) {
            return store.queryValidPaths(paths, true);
        }
    }

    private void receiveNar(WorkerRequest request, PathInfo info) throws IOException, InterruptedException {
        switch (codec.payload(request)) {
            case FRAMED -> {
                receiveFramed(payload -> add(info, payload));
                if (!answered) reply();
            }
            case PULLED -> receivePulled(payload -> add(info, payload));
            case INLINE, NONE -> throw new ProtocolException("no supported version has an inline NAR");
        }
    }

    /// Clients that copy have signatures checked, and those that are about to build do not.
    private void receiveNars(boolean builds) throws IOException, InterruptedException {
        var bulk = new WorkerCodec(codec.storeDir(), WorkerCodec.BULK);
        receiveFramed(payload -> {
            int count = payload.readCount("paths to add");
            for (int i = 0; i < count; i++) {
                payload.beginMessage();
                var path = payload.readStorePath(codec.storeDir(), "path to add");
                add(bulk.readPathInfo(payload, path), payload);
            }
        });
        if (answered) return;
        if (!builds) {
            try (var _ = watch.interruptWhenGone()) {
                store.fetchPromised();
            }
        }
        reply();
    }

    private void add(PathInfo info, WireReader nar) throws IOException, InterruptedException {
        long limit = info.narSize() == 0 ? Long.MAX_VALUE : info.narSize();
        keepRequest();
        store.addToStore(List.of(new NarToAdd(info.withoutUltimate(), sink -> NarCopy.copy(nar, sink, limit))));
    }

    private interface Receiving {
        void from(WireReader payload) throws IOException, InterruptedException;
    }

    /// Takes a framed upload, and answers if it is refused. The client hears at once what is wrong inside, since
    /// it may have much more to send; then the frames are read to their end, so that the connection goes on. Only
    /// faults of the framing itself end it.
    private void receiveFramed(Receiving receiving) throws IOException, InterruptedException {
        var frames = new FramedInput(in);
        var payload = in.inside(frames);
        try {
            receiving.from(payload);
            requireEnd(payload);
        } catch (ProtocolException | EOFException | StoreRefusedException e) {
            frames.requireIntact();
            fail(refusal(e));
        } catch (IOException e) {
            frames.requireIntact();
            sayLast(e);
            frames.drain();
            throw e;
        }
        frames.drain();
    }

    /// The same for an upload that is pulled: there the client has sent no more than it was asked for.
    private void receivePulled(Receiving receiving) throws IOException, InterruptedException {
        var pulled = new PulledInput(in, out, messages);
        var payload = in.inside(pulled);
        try {
            receiving.from(payload);
            if (payload.hasBuffered()) requireEnd(payload);
        } catch (ProtocolException | EOFException | StoreRefusedException e) {
            pulled.requireIntact();
            fail(refusal(e));
        }
        if (!answered) reply();
    }

    private static void requireEnd(WireReader payload) throws IOException {
        if (payload.awaitInput()) throw new ProtocolException("there is more after its end");
    }

    private static String refusal(IOException reason) {
        return reason instanceof StoreRefusedException refused
                ? refused.reason()
                : "upload refused: " + reason.getMessage();
    }

    private void dropPayload(WorkerRequest request) throws IOException {
        switch (codec.payload(request)) {
            case FRAMED -> new FramedInput(in).drain();
            case INLINE -> NarCopy.copy(in, OutputStream.nullOutputStream());
            case PULLED, NONE -> {}
        }
    }

    private void build(BuildDerivation build) throws IOException, InterruptedException {
        var options = buildOptions.withMode(build.mode());
        BuildResult result;
        try {
            in.intake().keeps();
        } catch (ProtocolException e) {
            codec.writeBuildResult(
                    reply(), BuildResult.of(BuildStatus.TRANSIENT_FAILURE, String.valueOf(e.getMessage())));
            return;
        }
        try (var _ = watch.interruptWhenGone()) {
            result = logged(
                    build.drvPath(), log -> store.buildDerivation(build.drvPath(), build.derivation(), options, log));
        }
        var sent =
                codec.realisesByPath() ? result : HashedRealisations.of(codec.storeDir(), build.derivation(), result);
        codec.writeBuildResult(reply(), sent.printable());
    }

    private interface Building {
        BuildResult run(BuildLog log) throws IOException, InterruptedException;
    }

    private BuildResult logged(StorePath drvPath, Building building) throws IOException, InterruptedException {
        var log = new WorkerBuildLog(out, messages, codec.storeDir(), drvPath);
        try {
            return building.run(log);
        } finally {
            // Other threads write to the log; from here on the client hears this one only.
            log.finish();
        }
    }
}
