package dispatcher.protocol.serve;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ErrorOutput;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.LongLine;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.protocol.ReplyChecks;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Limits;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A `nix-store --serve --write` at the far end of a channel, as a [Store].
///
/// It says why it failed on its standard error only, and ends; so such a failure is an [IOException] with its
/// last words. Confined to one thread but for [#close], which any thread may call to end whatever is going on.
public final class ServeClient implements Store {
    private static final long LAST_WORDS_MILLIS = 500;

    /// How long the log may stand still, once the result is there, before its end is given up. Longer than clients
    /// may hold it up.
    private static final long LOG_MILLIS = 10_000;

    private static final Duration LOG_MOST = Duration.ofMinutes(2);

    private final CommandChannel channel;
    private final ErrorOutput errors;
    private final String peer;
    private final WireReader in;
    private final WireWriter out;
    private final ServeCodec codec;

    /// Opens the conversation.
    ///
    /// @param peer the far end's name, for messages
    /// @throws HandshakeException if what answers does not serve a store, or in too old a version
    public ServeClient(CommandChannel channel, StoreDir storeDir, String peer) throws IOException {
        this(channel, storeDir, peer, Greeting.SERVE.newest(), _ -> {});
    }

    /// @param errors gets each line that the far end writes to its standard error before the first build, on a thread
    ///               of its own
    public ServeClient(CommandChannel channel, StoreDir storeDir, String peer, Consumer<ByteString> errors)
            throws IOException {
        this(channel, storeDir, peer, Greeting.SERVE.newest(), errors);
    }

    /// @param ours the version to offer
    ServeClient(CommandChannel channel, StoreDir storeDir, String peer, ProtocolVersion ours) throws IOException {
        this(channel, storeDir, peer, ours, _ -> {});
    }

    private ServeClient(
            CommandChannel channel,
            StoreDir storeDir,
            String peer,
            ProtocolVersion ours,
            Consumer<ByteString> errorListener)
            throws IOException {
        this.channel = channel;
        this.peer = peer;
        this.errors = ErrorOutput.start(channel.err(), peer, errorListener);
        this.in = new WireReader(channel.in(), Limits.ANSWERS);
        this.out = new WireWriter(channel.out());
        this.codec = ServeCodec.withServer(new HandshakeFailures(channel, errors, peer), storeDir, in, out, ours);
    }

    /// The version that both sides speak.
    public ProtocolVersion version() {
        return codec.version();
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) throws IOException {
        if (paths.isEmpty()) return new TreeSet<>();
        // Locking pins them for as long as this conversation lasts.
        var asked = new TreeSet<>(paths);
        request(new ServeRequest.QueryValidPaths(true, substitute, asked));
        return reply(
                ReplyChecks.naming(codec.storeDir(), asked),
                () -> ReplyChecks.among(asked, in.readStorePaths(codec.storeDir(), "valid paths"), peer));
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException {
        throw new StoreRefusedException("the serve protocol has no way to list a whole store");
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException {
        request(new ServeRequest.QueryPathInfos(new TreeSet<>(List.of(path))));
        return reply(Limits.INFO, () -> {
            var info = codec.readPathInfo(in);
            if (info.isEmpty()) return info;
            ReplyChecks.requireAmong(List.of(path), info.get().path(), peer);
            ReplyChecks.requireEnd(codec.readPathInfo(in), peer);
            return info;
        });
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths) throws IOException {
        if (paths.isEmpty()) return Map.of();
        var infos = new ReplyChecks.Infos(paths.size());
        var asked = new TreeSet<>(paths);
        request(new ServeRequest.QueryPathInfos(asked));
        reply(Limits.INFO, () -> {
            for (var info = codec.readPathInfo(in); info.isPresent(); info = codec.readPathInfo(in)) {
                ReplyChecks.requireAmong(asked, info.get().path(), peer);
                if (infos.add(info.get(), in.messageBytes())) ReplyChecks.requireEnd(info, peer);
                in.beginMessage(Limits.INFO);
            }
            return infos;
        });
        return infos.all();
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) {
            send(() -> codec.writeRequest(out, new ServeRequest.AddToStoreNar(path.info())));
            path.nar().writeTo(new Upload()).requireSameAs(path.info(), "its source");
            send(out::flush);
            reply(Limits.ANSWERS, in::readLong);
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
        request(new ServeRequest.DumpStorePath(path));
        try {
            return ReplyChecks.nar(in, verify, sink);
        } catch (EOFException e) {
            throw withLastWords(e);
        }
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        var pieces = new LongLine(log);
        errors.listen(line -> {
            if (line.length() >= ErrorOutput.LONGEST_LINE) {
                pieces.add(line);
                return;
            }
            pieces.end();
            log.line(line);
            log.flush();
        });
        try {
            request(new ServeRequest.BuildDerivation(drvPath, derivation, options));
            var result =
                    reply(ReplyChecks.result(derivation.outputs().size()), () -> codec.readBuildResult(in, drvPath));
            if (!hasWholeLog()) log.note("dispatcher: the end of the log did not come from %s in time".formatted(peer));
            return result;
        } finally {
            errors.listen(_ -> {});
        }
    }

    /// Waits for the end of the log, which its result may overtake: what was too much for the connection at once is
    /// sent when we have read the rest. So it is asked for more until nothing has come.
    private boolean hasWholeLog() throws IOException, InterruptedException {
        long begun = System.nanoTime();
        long before;
        do {
            before = errors.reads();
            channel.awaitErrors();
            if (!errors.awaitCaughtUp(LOG_MILLIS)) return false;
            if (System.nanoTime() - begun > LOG_MOST.toNanos()) return false;
        } while (errors.reads() != before);
        return true;
    }

    private void request(ServeRequest request) throws IOException {
        send(() -> {
            codec.writeRequest(out, request);
            out.flush();
        });
    }

    private interface Sending {
        void run() throws IOException;
    }

    /// Writes; if the far end no longer reads, says what its last words were.
    private void send(Sending sending) throws IOException {
        try {
            sending.run();
        } catch (IOException e) {
            throw withLastWords(e);
        }
    }

    /// Where a NAR is written to. Only what is wrong with the connection gets the far end's last words, not
    /// what is wrong with the NAR's source.
    private final class Upload extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            send(() -> out.writeRaw(bytes, offset, length));
        }
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    /// Reads a reply; if the far end went away instead, says what its last words were.
    private <T> T reply(Limits limits, Reading<T> reading) throws IOException {
        in.beginMessage(limits);
        try {
            return reading.read();
        } catch (IOException e) {
            throw withLastWords(e);
        }
    }

    private IOException withLastWords(IOException cause) {
        try {
            errors.awaitEnd(LAST_WORDS_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        var words = errors.tail();
        if (words.isEmpty()) return cause;
        var said = "%s, after %s had said: %s".formatted(cause.getMessage(), peer, words);
        return cause instanceof ProtocolException ? new ProtocolException(said, cause) : new IOException(said, cause);
    }

    @Override
    public void close() {
        channel.close();
    }
}
