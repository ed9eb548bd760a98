package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.access.ClientLimits;
import dispatcher.access.RequestMemory;
import dispatcher.access.RequestRate;
import dispatcher.access.StallWatch;
import dispatcher.access.ThrottledLog;
import dispatcher.access.UploadLimits;
import dispatcher.nix.StoreDir;
import dispatcher.nix.key.NixPublicKey;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.Conversation;
import dispatcher.protocol.ConversationHandler;
import dispatcher.protocol.Leftovers;
import dispatcher.protocol.serve.ServeServer;
import dispatcher.protocol.worker.Trust;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.session.rights.ReadOnlyStore;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.text.Printable;
import dispatcher.wire.Intake;
import dispatcher.wire.Limits;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds the conversations with all clients, each on its own thread, for both ways in.
public final class ClientConversations implements ConversationHandler {
    private static final Logger log = LoggerFactory.getLogger(ClientConversations.class);

    private static final Duration QUIET = Duration.ofSeconds(2);

    private final Sessions sessions;
    private final SessionContext context;
    private final StoreDir storeDir;
    private final String programVersion;
    private volatile List<NixPublicKey> trustedKeys;
    private final Optional<NixSecretKey> signingKey;
    private volatile ClientLimits limits;
    private final RequestRate rate;
    private final RequestMemory memory;
    private final StallWatch stalls;
    private final Duration quiet;
    private final ThrottledLog refusals = new ThrottledLog(System::nanoTime);

    /// @param programVersion shown by clients where they show a Nix version
    /// @param trustedKeys    whose signatures make up for the trust that a client does not have
    /// @param signingKey     what outputs are signed with, if they are
    public ClientConversations(
            Sessions sessions,
            String programVersion,
            List<NixPublicKey> trustedKeys,
            Optional<NixSecretKey> signingKey,
            ClientLimits limits,
            UploadLimits uploads) {
        this(sessions, programVersion, trustedKeys, signingKey, limits, uploads, QUIET);
    }

    /// @param quiet a refused client that has sent nothing for this long is no longer read from
    ClientConversations(
            Sessions sessions,
            String programVersion,
            List<NixPublicKey> trustedKeys,
            Optional<NixSecretKey> signingKey,
            ClientLimits limits,
            UploadLimits uploads,
            Duration quiet) {
        this.sessions = sessions;
        this.quiet = quiet;
        this.context = sessions.context();
        this.storeDir = context.storeDir();
        this.programVersion = programVersion;
        this.trustedKeys = List.copyOf(trustedKeys);
        this.signingKey = signingKey;
        this.limits = limits;
        this.rate = new RequestRate(limits.requestsPerSecond());
        this.memory = RequestMemory.ofProcess(context.nanoTime());
        this.stalls = new StallWatch(uploads.pause(), context.nanoTime());
        sessions.nowAndThen(stalls::look);
    }

    /// For conversations that begin from now on; the rate of requests, and how long they may pause, for all.
    public void change(List<NixPublicKey> newTrustedKeys, ClientLimits newLimits, UploadLimits newUploads) {
        stalls.change(newUploads.pause());
        trustedKeys = List.copyOf(newTrustedKeys);
        limits = newLimits;
        rate.change(newLimits.requestsPerSecond());
    }

    @Override
    public int handle(ClientProtocol protocol, Conversation conversation) {
        var who = conversation.client().toString();
        long number = sessions.nextClient();
        context.listener().clientConnected(number, who);
        var keys = trustedKeys;
        try (var session = sessions.open(conversation.client(), number, limits.logBytes(), keys)) {
            boolean trusted = conversation.client().grant().trusted();
            Store store = signing(trusted ? session : untrusted(session, conversation.client(), keys), session);
            serve(protocol, conversation, session, conversation.writes() ? store : new ReadOnlyStore(store));
            keepPromises(session, who);
            return 0;
        } catch (InterruptedException e) {
            return 1;
        } catch (ProtocolException | StoreRefusedException e) {
            refusals.refused(log, "conversation ended", conversation.client().name(), String.valueOf(e.getMessage()));
            return 1;
        } catch (StallWatch.StalledException e) {
            refusals.refused(log, "stalled upload ended", conversation.client().name(), String.valueOf(e.getMessage()));
            writeError(conversation.err(), String.valueOf(e.getMessage()));
            return 1;
        } catch (EOFException e) {
            log.atDebug().addKeyValue("client", who).log("client went in the middle of a request");
            return 1;
        } catch (IOException e) {
            log.atDebug().addKeyValue("client", who).log("connection broke: {}", e.toString());
            return 1;
        } catch (RuntimeException | Error e) {
            log.atError().addKeyValue("client", who).setCause(e).log("bug: conversation ended");
            writeError(conversation.err(), "the dispatcher failed with a bug of its own, see its log: " + e);
            return 1;
        } finally {
            context.listener().clientLeft(number, who);
        }
    }

    /// Has machines fetch the paths that were called valid for a client which has left since.
    private static void keepPromises(ClientSession session, String who) throws IOException, InterruptedException {
        try {
            session.keepPromises();
        } catch (StoreRefusedException e) {
            log.atWarn()
                    .addKeyValue("client", who)
                    .addKeyValue("why", Printable.joined(e.reason()))
                    .log("what a client copied here is not here");
        }
    }

    private Store untrusted(ClientSession session, ClientIdentity client, List<NixPublicKey> keys) {
        return new UntrustedStore(
                session, client, storeDir, keys, context.learned().proven());
    }

    private Store signing(Store store, ClientSession session) {
        return signingKey
                .<Store>map(key -> new SigningStore(store, session, storeDir, key))
                .orElse(store);
    }

    private void serve(ClientProtocol protocol, Conversation conversation, ClientSession session, Store store)
            throws IOException, InterruptedException {
        var gate = rate.of(conversation.client().credential());
        var out = new WireWriter(conversation.out());
        var trust = conversation.client().grant().trusted() ? Trust.TRUSTED : Trust.NOT_TRUSTED;
        var account = memory.open(conversation.client().credential());
        try (var bytes = stalls.watch(conversation.in());
                var intake = new ClientIntake(account, bytes)) {
            var in = new WireReader(bytes, requestLimits(), intake);
            try {
                switch (protocol) {
                    case WORKER -> {
                        var server = new WorkerServer(in, out, store, storeDir, programVersion, trust);
                        session.attend(server.watch());
                        server.run(gate);
                    }
                    case SERVE -> {
                        var server = new ServeServer(in, out, conversation.err(), store, storeDir);
                        session.attend(server.watch());
                        server.run(gate);
                    }
                }
            } catch (ProtocolException | StoreRefusedException e) {
                writeError(conversation.err(), String.valueOf(e.getMessage()));
                intake.ends();
                drain(in);
                throw e;
            }
        } catch (IOException | InterruptedException e) {
            account.explainInterruption();
            throw e;
        }
    }

    /// What one client's requests take, and whether more of them has to come.
    private record ClientIntake(RequestMemory.Account memory, StallWatch.Input input) implements Intake, AutoCloseable {
        @Override
        public void begins() {
            memory.begins();
            input.expect(true);
        }

        @Override
        public void takes(long bytes) throws IOException {
            memory.takes(bytes);
        }

        @Override
        public void isRead() {
            input.expect(false);
        }

        @Override
        public void keeps() throws ProtocolException {
            memory.keeps();
        }

        @Override
        public void ends() {
            memory.ends();
            input.expect(false);
        }

        @Override
        public void close() {
            ends();
        }
    }

    private Limits requestLimits() {
        long bytes = limits.requestBytes();
        return new Limits(bytes, Math.max(Limits.DEFAULT.elements(), bytes / Limits.STRING_BYTES), bytes);
    }

    /// So that the client reads why, and not only that the connection broke.
    private void drain(WireReader in) {
        try {
            Leftovers.drain(in, quiet);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void writeError(OutputStream err, String message) {
        try {
            err.write(("dispatcher: " + Printable.lines(message) + "\n").getBytes(StandardCharsets.UTF_8));
            err.flush();
        } catch (IOException e) {
            // The client is gone.
        }
    }
}
