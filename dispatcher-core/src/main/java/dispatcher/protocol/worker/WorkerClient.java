package dispatcher.protocol.worker;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivedPath;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ErrorOutput;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.ReplyChecks;
import dispatcher.protocol.worker.WorkerRequest.Payload;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.FramedOutput;
import dispatcher.wire.Limits;
import dispatcher.wire.NarSummary;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A Nix daemon at the far end of a channel, as a [Store].
///
/// Confined to one thread but for [#close], which any thread may call to end whatever is going on.
public final class WorkerClient implements Store {
    /// Requests of which the replies may be unread. Once those fill the buffers on the way, in which a short one
    /// takes as much room as a page, the daemon waits for us to read; so the requests have to fit into the
    /// buffers too.
    private static final int UNREAD = 200;

    private static final Logger log = LoggerFactory.getLogger(WorkerClient.class);

    private final CommandChannel channel;
    private final String peer;
    private final WireReader in;
    private final WireWriter out;
    private final WorkerCodec codec;
    private final MessageCodec messages;
    private final SideChannel sideChannel;
    private final DaemonInfo daemon;
    /// Whether the daemon leaves the build directories of failed builds in this conversation.
    private boolean keepsFailed;

    /// Whether the daemon may have others build what we ask it for.
    private boolean passesOn = true;

    /// Opens the conversation.
    ///
    /// @param peer the far end's name, for messages
    /// @throws HandshakeException if what answers is no daemon, or too old a one
    public WorkerClient(CommandChannel channel, StoreDir storeDir, String peer) throws IOException {
        this(channel, storeDir, peer, WorkerHandshake.CLIENT, _ -> {});
    }

    /// @param errors gets each line that the far end writes to its standard error, on a thread of its own
    public WorkerClient(CommandChannel channel, StoreDir storeDir, String peer, Consumer<ByteString> errors)
            throws IOException {
        this(channel, storeDir, peer, WorkerHandshake.CLIENT, errors);
    }

    /// @param handshake with what to offer
    WorkerClient(CommandChannel channel, StoreDir storeDir, String peer, WorkerHandshake handshake) throws IOException {
        this(channel, storeDir, peer, handshake, _ -> {});
    }

    private WorkerClient(
            CommandChannel channel,
            StoreDir storeDir,
            String peer,
            WorkerHandshake handshake,
            Consumer<ByteString> errorListener)
            throws IOException {
        this.channel = channel;
        this.peer = peer;
        var errors = ErrorOutput.start(channel.err(), peer, errorListener);
        this.in = new WireReader(channel.in(), Limits.ANSWERS);
        this.out = new WireWriter(channel.out());
        var agreed = handshake.withServer(new HandshakeFailures(channel, errors, peer), storeDir, in, out);
        this.codec = agreed.codec();
        this.messages = agreed.messages();
        this.daemon = agreed.daemon();
        this.sideChannel = new SideChannel(in, messages, peer);
    }

    /// Has the daemon build by itself what is asked for in this conversation, and not by the `builders` in its
    /// nix.conf, which may be us.
    public void buildHere() throws IOException {
        passesOn = false;
        setOptions(BuildOptions.DEFAULT);
    }

    /// The version that both sides speak.
    public ProtocolVersion version() {
        return codec.version();
    }

    /// As the daemon reports it; empty before 1.33.
    public String nixVersion() {
        return daemon.nixVersion();
    }

    /// What the daemon thinks of us.
    public Trust trust() {
        return daemon.trust();
    }

    /// Asks for each path to be kept first, since the question itself keeps none; all in one round trip. Those
    /// requests are spared for paths that are not expected. If some are there after all, they are kept and asked
    /// for once more.
    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        if (paths.isEmpty()) return new TreeSet<>();
        var asked = new TreeSet<>(paths);
        var kept = asked.stream().filter(expected).collect(Collectors.toSet());
        var valid = new TreeSet<StorePath>();
        pipeline(
                asked.size(),
                () -> {
                    for (var path : kept) codec.writeRequest(out, new WorkerRequest.AddTempRoot(path));
                    codec.writeRequest(out, new WorkerRequest.QueryValidPaths(asked, substitute));
                },
                () -> {
                    readTempRoots(kept.size());
                    sideChannel.awaitReply(BuildLog.NONE);
                    in.beginMessage(ReplyChecks.naming(codec.storeDir(), asked));
                    valid.addAll(ReplyChecks.among(asked, in.readStorePaths(codec.storeDir(), "valid paths"), peer));
                });
        var surprising = new TreeSet<>(valid);
        surprising.removeAll(kept);
        valid.removeAll(surprising);
        valid.addAll(queryValidPaths(surprising, substitute));
        return valid;
    }

    /// A store that keeps no roots still answers the question that follows.
    private void readTempRoots(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            try {
                sideChannel.awaitReply(BuildLog.NONE);
                in.readLong();
            } catch (StoreRefusedException e) {
                log.atDebug().log("{} keeps no temporary root: {}", peer, e.reason());
            }
        }
    }

    /// Not by the request of that name, which leaves out all substituters that do not want to be asked for many
    /// paths at once. Paths that are there count too.
    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths) throws IOException {
        if (paths.isEmpty()) return new TreeSet<>();
        var wanted = new TreeSet<>(paths);
        request(new WorkerRequest.QueryMissing(
                wanted.stream().<DerivedPath>map(DerivedPath.Opaque::new).toList()));
        // They name what those paths refer to as well, however much that is.
        in.beginMessage(Limits.PASSING);
        readEach("paths to build", _ -> {});
        readEach("paths to substitute", _ -> {});
        readEach("unknown paths", wanted::remove);
        in.readLong();
        in.readLong();
        return wanted;
    }

    private void readEach(String what, Consumer<StorePath> action) throws IOException {
        int count = in.readCount(what);
        for (int i = 0; i < count; i++) action.accept(in.readStorePath(codec.storeDir(), what));
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException {
        request(new WorkerRequest.QueryAllValidPaths());
        in.beginMessage(Limits.DEFAULT);
        return in.readStorePaths(codec.storeDir(), "valid paths");
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException {
        request(new WorkerRequest.QueryPathInfo(path));
        in.beginMessage(Limits.INFO);
        return in.readBool() ? Optional.of(codec.readPathInfo(in, path)) : Optional.empty();
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var asked = List.copyOf(paths);
        var infos = new ReplyChecks.Infos(asked.size());
        var refusals = new ArrayDeque<StoreRefusedException>();
        pipeline(
                asked.size(),
                () -> {
                    for (var path : asked) codec.writeRequest(out, new WorkerRequest.QueryPathInfo(path));
                },
                () -> {
                    for (var path : asked) {
                        try {
                            sideChannel.awaitReply(BuildLog.NONE);
                            in.beginMessage(Limits.INFO);
                            if (in.readBool()) infos.add(codec.readPathInfo(in, path), in.messageBytes());
                        } catch (StoreRefusedException e) {
                            refusals.add(e);
                        }
                    }
                });
        if (!refusals.isEmpty()) throw refusals.getLast();
        return infos.all();
    }

    private interface Part {
        void run() throws IOException, InterruptedException;
    }

    /// Sends many requests in one round trip. Another thread reads the replies meanwhile if they may be more than
    /// the connection holds: the daemon reads nothing while it waits for us to read.
    private void pipeline(int count, Part requests, Part replies) throws IOException, InterruptedException {
        if (count <= UNREAD) {
            requests.run();
            out.flush();
            replies.run();
            return;
        }
        var reading =
                new FutureTask<Void>(() -> {
                    replies.run();
                    return null;
                }) {
                    // Nothing else would end the sending.
                    @Override
                    protected void done() {
                        if (state() == State.FAILED) close();
                    }
                };
        var reader = Thread.ofVirtual().name("replies of " + peer).start(reading);
        boolean sent = false;
        try {
            requests.run();
            out.flush();
            sent = true;
        } catch (IOException e) {
            // If the reader has failed before, that says why.
            if (reading.isDone()) resultOf(reading);
            throw e;
        } finally {
            if (!sent) close();
            reader.join();
        }
        resultOf(reading);
    }

    private static void resultOf(FutureTask<Void> reading) throws IOException, InterruptedException {
        try {
            reading.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) throw cause;
            throw new IllegalStateException("reading replies failed", e.getCause());
        }
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        if (paths.isEmpty()) return;
        if (codec.version().isAtLeast(1, 32)) {
            addMultiple(paths);
            return;
        }
        for (var path : paths) addOne(path);
    }

    private void addMultiple(List<NarToAdd> paths) throws IOException, InterruptedException {
        codec.writeRequest(out, new WorkerRequest.AddMultipleToStore(false, true));
        var bulk = new WorkerCodec(codec.storeDir(), WorkerCodec.BULK);
        uploadFramed(framed -> {
            var inner = new WireWriter(framed, 8192);
            inner.writeLong(paths.size());
            for (var path : paths) {
                inner.writeStorePath(codec.storeDir(), path.info().path());
                bulk.writePathInfo(inner, path.info());
                inner.flush();
                writeNar(path, framed);
            }
        });
    }

    private void addOne(NarToAdd path) throws IOException, InterruptedException {
        var request = new WorkerRequest.AddToStoreNar(path.info(), false, true);
        codec.writeRequest(out, request);
        if (codec.payload(request) == Payload.FRAMED) {
            uploadFramed(framed -> writeNar(path, framed));
            return;
        }
        out.flush();
        var pulled = new PulledOutput(in, out, messages);
        writeNar(path, pulled);
        pulled.close();
        sideChannel.awaitReply(BuildLog.NONE);
    }

    private static void writeNar(NarToAdd path, OutputStream sink) throws IOException, InterruptedException {
        path.nar().writeTo(sink).requireSameAs(path.info(), "its source");
    }

    private interface Upload {
        void writeTo(OutputStream framed) throws IOException, InterruptedException;
    }

    /// Sends a framed payload while another thread reads what the daemon says meanwhile, since both may have
    /// more to say than the connection holds. A daemon that says no early is heard at the next chunk.
    ///
    /// If the payload cannot be read to its end, the conversation is closed: the daemon cannot be informed.
    private void uploadFramed(Upload upload) throws IOException, InterruptedException {
        out.flush();
        var reading = new FutureTask<Void>(() -> {
            sideChannel.awaitReply(BuildLog.NONE);
            return null;
        });
        var listener = Thread.ofVirtual().name("reply of " + peer).start(reading);
        var framed = new FramedOutput(out);
        boolean ended = false;
        try {
            try {
                upload.writeTo(new RefusableOutput(framed, reading));
            } catch (RefusedEarlyException e) {
                // The reason is in `reading`; the stream still has to be ended for the connection to be of use.
            }
            framed.close();
            ended = true;
        } catch (IOException e) {
            // What the daemon said last explains more than that it no longer listens.
            if (reading.state() == Future.State.FAILED && reading.exceptionNow() instanceof StoreRefusedException said)
                e.addSuppressed(said);
            throw e;
        } finally {
            if (!ended) close();
            listener.join();
        }
        resultOf(reading);
    }

    /// Stops an upload as soon as the daemon has said no to it.
    private static final class RefusableOutput extends OutputStream {
        private final OutputStream out;
        private final Future<?> reading;

        RefusableOutput(OutputStream out, Future<?> reading) {
            this.out = out;
            this.reading = reading;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (reading.state() == Future.State.FAILED) throw new RefusedEarlyException();
            out.write(bytes, offset, length);
        }
    }

    private static final class RefusedEarlyException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedEarlyException() {
            super("the daemon has refused the upload");
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
        request(new WorkerRequest.NarFromPath(path));
        return ReplyChecks.nar(in, verify, sink);
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log) throws IOException {
        if (options.keepFailed() != keepsFailed) setOptions(options);
        codec.writeRequest(out, new WorkerRequest.BuildDerivation(drvPath, derivation, options.mode()));
        out.flush();
        sideChannel.awaitReply(log);
        in.beginMessage(ReplyChecks.result(derivation.outputs().size()));
        return codec.readBuildResult(in, drvPath);
    }

    @Override
    public Optional<Realisation> queryRealisation(RealisationId id) throws IOException {
        if (!codec.names(id)) return Optional.empty();
        request(new WorkerRequest.QueryRealisation(id));
        return codec.readKnownRealisation(in, id);
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException {
        if (!codec.names(realisation.id()))
            throw new StoreRefusedException(
                    "%s knows realisations in another form than that of %s".formatted(peer, realisation.id()));
        request(new WorkerRequest.RegisterDrvOutput(realisation));
    }

    /// Only done if it is needed, since the daemon also takes from it what else is its own to decide: how many
    /// cores a build may use.
    private void setOptions(BuildOptions options) throws IOException {
        keepsFailed = options.keepFailed();
        try {
            request(WorkerRequest.SetOptions.of(options, messages.levelInfo(), passesOn));
        } catch (StoreRefusedException e) {
            // The build itself does not depend on it.
            log.atDebug().addKeyValue("machine", peer).log("takes no options: {}", e.reason());
        }
    }

    private void request(WorkerRequest request) throws IOException {
        codec.writeRequest(out, request);
        out.flush();
        sideChannel.awaitReply(BuildLog.NONE);
    }

    @Override
    public void close() {
        channel.close();
    }
}
