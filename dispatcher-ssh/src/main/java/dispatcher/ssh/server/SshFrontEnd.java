package dispatcher.ssh.server;

import dispatcher.access.ClientIdentity;
import dispatcher.access.ClientLimits;
import dispatcher.access.ClientRules;
import dispatcher.access.ConnectionLimiter;
import dispatcher.access.MachineChoice;
import dispatcher.access.ThrottledLog;
import dispatcher.protocol.Conversation;
import dispatcher.protocol.ConversationHandler;
import dispatcher.protocol.Permission;
import dispatcher.protocol.RemoteCommand;
import dispatcher.ssh.Algorithms;
import dispatcher.ssh.BulkSockets;
import dispatcher.ssh.SessionWatch;
import dispatcher.ssh.Waiting;
import dispatcher.ssh.WatchedOutput;
import dispatcher.ssh.keys.AuthorizedKey;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.text.Printable;
import dispatcher.thread.TimeLimit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.channel.Channel;
import org.apache.sshd.common.channel.ChannelFactory;
import org.apache.sshd.common.global.KeepAliveHandler;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.common.session.helpers.AbstractConnectionService;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.ServerBuilder;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;
import org.apache.sshd.server.global.NoMoreSessionsHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An SSH server that speaks the Nix protocols and nothing else: clients log in with a public key, under any user
/// name, which matters only if it chooses a machine ([MachineChoice]), and run `nix-daemon --stdio` or
/// `nix-store --serve --write` in one of the spellings that [RemoteCommand] knows. There is no shell, no
/// forwarding, no terminal and no file transfer. The keys of machines that connect to us open a reverse forward instead
/// ([DialIns]), and run nothing.
///
/// Each conversation has a virtual thread. When a client goes, its conversation's input ends and its outputs
/// fail.
public final class SshFrontEnd implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SshFrontEnd.class);
    private static final int SOCKET_THREADS = 2;
    /// Each connection has one for itself, idle or not.
    private static final int READ_BUFFER_BYTES = 16 * 1024;
    private static final int UNANSWERED_KEEP_ALIVES = 3;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);
    private static final AttributeKey<Client> CLIENT = new AttributeKey<>();
    private static final String PURPOSE =
            "this is a Nix build dispatcher: it runs `nix-daemon --stdio` and `nix-store --serve --write` only, not ";
    private static final int SHOWN_OF_COMMAND = 200;

    private final SshFrontEndOptions options;
    private final ConversationHandler handler;
    private final DialIns dialIns;
    private final AuthorizedKeys authorizedKeys;
    private final KeyPair hostKey;
    private final SshServer server;
    private final ConnectionLimiter door;
    private volatile ClientRules rules;
    private volatile ClientLimits limits;
    /// For the log of clients that have not logged in, which may be very many; separate, so that they hide no others.
    private final ThrottledLog arrivals = new ThrottledLog(System::nanoTime);

    private final ThrottledLog refusals = new ThrottledLog(System::nanoTime);
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    private SshFrontEnd(SshFrontEndOptions options, ConversationHandler handler, DialIns dialIns)
            throws SshFrontEndException {
        this.options = options;
        this.handler = handler;
        this.dialIns = dialIns;
        rules = options.rules();
        limits = options.limits();
        door = new ConnectionLimiter(limits, "from your address", System::nanoTime);
        hostKey = HostKeyFile.readOrMake(options.hostKey());
        authorizedKeys = new AuthorizedKeys(options.authorizedKeys(), InstantSource.system());
        authorizedKeys.check();
        server = configure();
    }

    /// Starts to listen. Returns when clients can connect.
    ///
    /// @throws SshFrontEndException if a file cannot be used, or the address cannot be listened at
    public static SshFrontEnd start(SshFrontEndOptions options, ConversationHandler handler)
            throws SshFrontEndException {
        return start(options, handler, new DialIns());
    }

    /// The same, and lets in the machines that `dialIns` knows.
    public static SshFrontEnd start(SshFrontEndOptions options, ConversationHandler handler, DialIns dialIns)
            throws SshFrontEndException {
        SshFrontEnd frontEnd = new SshFrontEnd(options, handler, dialIns);
        try {
            frontEnd.server.start();
        } catch (IOException | RuntimeException e) {
            frontEnd.close();
            throw new SshFrontEndException(
                    "cannot listen at %s port %d: %s".formatted(options.host(), options.port(), e.getMessage()),
                    "see what listens there with `ss -ltnp`, or choose another address",
                    e);
        }
        return frontEnd;
    }

    /// The key that clients of a server with this host key file must know: `<type> <base 64>`. The file is made
    /// if it is not there, as at a start.
    ///
    /// @throws SshFrontEndException if the file cannot be used
    public static String hostKeyLine(Path hostKey) throws SshFrontEndException {
        return line(HostKeyFile.readOrMake(hostKey));
    }

    private static String line(KeyPair hostKey) {
        return KeyFiles.encode(hostKey.getPublic()).toString();
    }

    private SshServer configure() {
        SshServer sshd = Algorithms.offeredToClients(ServerBuilder.builder())
                .keyExchangeFactories(
                        NamedFactory.setUpTransformedFactories(true, Algorithms.KEY_EXCHANGES, ServerBuilder.DH2KEX))
                .channelFactories(List.of(new ChannelFactory() {
                    @Override
                    public String getName() {
                        return "session";
                    }

                    @Override
                    public Channel createChannel(Session session) {
                        return channel(session);
                    }
                }))
                .forwardingFilter(RejectAllForwardingFilter.INSTANCE)
                .globalRequestHandlers(List.of(
                        KeepAliveHandler.INSTANCE,
                        NoMoreSessionsHandler.INSTANCE,
                        new ReverseForwards(dialIns, refusals)))
                .publickeyAuthenticator(this::authenticate)
                .build();
        sshd.setHost(options.host());
        sshd.setPort(options.port());
        sshd.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
        sshd.setUserAuthFactories(List.of(UserAuthPublicKeyFactory.INSTANCE));
        sshd.setSubsystemFactories(List.of());
        sshd.setCommandFactory(this::command);
        sshd.setShellFactory(channel -> refuse(channel, PURPOSE + "a shell"));
        sshd.setIoServiceFactoryFactory(new BulkSockets());
        sshd.setNioWorkers(SOCKET_THREADS);
        sshd.setSessionFactory(new Doorkeeper(sshd, door, arrivals));
        sshd.addSessionListener(new Listener());
        CoreModuleProperties.SERVER_IDENTIFICATION.set(sshd, "dispatcher");
        CoreModuleProperties.AUTH_TIMEOUT.set(sshd, limits.loginTime());
        // The first request, which asks for the methods that there are, is not counted; the last one proves a key.
        CoreModuleProperties.MAX_AUTH_REQUESTS.set(sshd, options.maxKeys() + 1);
        CoreModuleProperties.IDLE_TIMEOUT.set(sshd, Duration.ZERO);
        CoreModuleProperties.WAIT_FOR_SPACE_TIMEOUT.set(sshd, Duration.ofDays(365));
        CoreModuleProperties.WINDOW_SIZE.set(sshd, (long) options.windowBytes());
        CoreModuleProperties.REKEY_BYTES_LIMIT.set(sshd, Algorithms.BYTES_PER_KEY);
        CoreModuleProperties.TCP_NODELAY.set(sshd, true);
        CoreModuleProperties.SOCKET_KEEPALIVE.set(sshd, true);
        CoreModuleProperties.SOCKET_REUSEADDR.set(sshd, true);
        CoreModuleProperties.NIO2_READ_BUFFER_SIZE.set(sshd, READ_BUFFER_BYTES);
        return sshd;
    }

    /// For clients that come from now on; connected ones keep what they were granted. Authorised keys need
    /// no change, as their file is looked at each time.
    public void change(ClientRules newRules, ClientLimits newLimits) {
        rules = newRules;
        limits = newLimits;
        door.change(newLimits);
        CoreModuleProperties.AUTH_TIMEOUT.set(server, newLimits.loginTime());
    }

    private boolean authenticate(String login, java.security.PublicKey key, Session session) {
        HostKey shown = KeyFiles.encode(key);
        SocketAddress remote = session.getIoSession().getRemoteAddress();
        session.removeAttribute(MachineVisit.VISIT);
        Optional<String> machine = dialIns.machineOf(shown);
        if (machine.isPresent()) {
            letMachineIn(shown, machine.get(), session);
            return true;
        }
        Optional<AuthorizedKey> admitted = admit(shown, remote);
        log.atDebug()
                .addKeyValue("key", shown.describe())
                .addKeyValue("from", remote)
                .log(admitted.isPresent() ? "key accepted" : "key not accepted");
        Optional<ConnectionLimiter.Visit> visit = Doorkeeper.visitOf(session);
        visit.ifPresent(
                admitted.isPresent() ? ConnectionLimiter.Visit::promises : ConnectionLimiter.Visit::loginFailed);
        // The last key that was accepted is the one that was proven.
        admitted.ifPresent(it -> session.setAttribute(CLIENT, client(login, it, remote)));
        return admitted.isPresent();
    }

    /// Also if the same key is a client's: that of a machine opens a reverse forward and nothing else.
    private void letMachineIn(HostKey shown, String name, Session session) {
        String from = text(session.getIoSession().getRemoteAddress());
        Doorkeeper.visitOf(session).ifPresent(ConnectionLimiter.Visit::promises);
        String fingerprint = shown.fingerprint();
        var identity = ClientIdentity.ofKey(name, from, fingerprint, rules.ofKey(fingerprint, name));
        Client nobody = new Client(identity, Permission.ALL);
        nobody.refuse(MachineVisit.purpose(name));
        session.setAttribute(CLIENT, nobody);
        session.setAttribute(MachineVisit.VISIT, new MachineVisit(shown, name, from));
    }

    private Optional<AuthorizedKey> admit(HostKey shown, SocketAddress remote) {
        if (!(remote instanceof InetSocketAddress from)) return Optional.empty();
        return switch (authorizedKeys.answer(shown, from.getAddress())) {
            case AuthorizedKeys.Admitted(AuthorizedKey key) -> Optional.of(key);
            case AuthorizedKeys.Unknown() -> Optional.empty();
            case AuthorizedKeys.Refused(String name, String why) -> {
                arrivals.refused(log, "key refused", name, why);
                yield Optional.empty();
            }
        };
    }

    private FrontEndChannel channel(Session session) {
        Client client = clientOf(session);
        return new FrontEndChannel(
                client.windows(),
                limits.channelsPerConnection(),
                why -> refusals.refused(
                        log, "channel refused", client.identity().name(), why));
    }

    private Client client(String login, AuthorizedKey key, SocketAddress remote) {
        String fingerprint = key.key().fingerprint();
        var grant = rules.ofKey(fingerprint, key.name());
        ClientIdentity identity = ClientIdentity.ofKey(key.name(), text(remote), fingerprint, grant);
        return new Client(
                MachineChoice.ofLogin(login).map(identity::onMachine).orElse(identity),
                key.options().permission());
    }

    private static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress socket)) return String.valueOf(address);
        String host = socket.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + socket.getPort();
    }

    private Command command(ChannelSession channel, String command) {
        return RemoteCommand.recognise(command)
                .map(protocol -> {
                    Client client = clientOf(channel);
                    Optional<String> refusal =
                            client.refusal().or(() -> client.permission().objection(protocol));
                    if (refusal.isPresent()) {
                        String who = client.identity().name();
                        refusals.refused(log, "command refused", who, refusal.get());
                        return refuse(channel, "dispatcher: " + refusal.get());
                    }
                    return (Command) ClientCommand.conversation(
                            client,
                            (FrontEndChannel) channel,
                            (in, out, err) -> handler.handle(
                                    protocol,
                                    new Conversation(
                                            in,
                                            out,
                                            err,
                                            client.identity(),
                                            client.permission().writes())));
                })
                .orElseGet(() -> refuse(channel, PURPOSE + "'" + shown(command) + "'"));
    }

    private static String shown(String command) {
        return Printable.line(command, SHOWN_OF_COMMAND);
    }

    private static Command refuse(ChannelSession channel, String line) {
        return ClientCommand.refusal(clientOf(channel), (FrontEndChannel) channel, line);
    }

    private static Client clientOf(ChannelSession channel) {
        return clientOf(channel.getSession());
    }

    private static Client clientOf(Session session) {
        Client client = session.getAttribute(CLIENT);
        if (client == null) throw new IllegalStateException("a channel on a connection without a login");
        return client;
    }

    /// A client that has logged in.
    final class Client {
        private final ClientIdentity identity;
        private final Permission permission;
        private final Set<WatchedOutput> outputs = ConcurrentHashMap.newKeySet();
        private final ChannelWindows windows = new ChannelWindows(options.windowBytes());
        private volatile Optional<String> refusal = Optional.empty();

        Client(ClientIdentity identity, Permission permission) {
            this.identity = identity;
            this.permission = permission;
        }

        Permission permission() {
            return permission;
        }

        ClientIdentity identity() {
            return identity;
        }

        /// It is to be sent away as soon as it asks for something.
        void refuse(String why) {
            refusal = Optional.of(why);
        }

        Optional<String> refusal() {
            return refusal;
        }

        /// Of its channels.
        ChannelWindows windows() {
            return windows;
        }

        /// What is being written to it.
        Set<WatchedOutput> outputs() {
            return outputs;
        }

        /// Runs something for it on a thread that ends with the front end.
        void start(Runnable task) {
            Thread thread = Thread.ofVirtual().name("ssh-client " + identity).unstarted(() -> {
                try {
                    task.run();
                } finally {
                    threads.remove(Thread.currentThread());
                }
            });
            threads.add(thread);
            thread.start();
        }
    }

    /// Receives what happens to connections; called by the library's threads.
    private final class Listener implements SessionListener {
        @Override
        public void sessionEvent(Session session, Event event) {
            if (event != Event.Authenticated) return;
            Client client = session.getAttribute(CLIENT);
            if (client == null || isTooMuch(session, client)) return;
            SessionWatch.Patience patience =
                    new SessionWatch.Patience(options.keepAlive(), UNANSWERED_KEEP_ALIVES, options.writeStall());
            new SessionWatch(client.identity().toString(), session, patience)
                    .start(
                            () -> client.outputs().stream().anyMatch(out -> out.stalled(options.writeStall())),
                            () -> {},
                            reason -> {
                                log.atDebug()
                                        .addKeyValue("client", client.identity())
                                        .log("client given up: {}", reason);
                                session.close(true);
                            });
        }

        private boolean isTooMuch(Session session, Client client) {
            Optional<String> refused = Doorkeeper.visitOf(session)
                    .flatMap(visit -> visit.loggedIn(client.identity().credential()));
            refused.ifPresent(why -> {
                client.refuse(why);
                var _ = new TimeLimit(Doorkeeper.LAST_WORDS, () -> session.close(true));
            });
            return refused.isPresent();
        }

        @Override
        public void sessionException(Session session, @Nullable Throwable cause) {
            log.atDebug().setCause(cause).log("fault on a connection");
        }

        @Override
        public void sessionClosed(Session session) {
            Doorkeeper.visitOf(session).ifPresent(ConnectionLimiter.Visit::leave);
        }
    }

    /// How many commands are running for clients.
    int running() {
        return threads.size();
    }

    /// How many channels the library has, on all connections.
    int channels() {
        return server.getActiveSessions().stream()
                .mapToInt(session -> session.getService(AbstractConnectionService.class)
                        .getChannels()
                        .size())
                .sum();
    }

    /// How many clients are connected, those that have not logged in among them.
    int connections() {
        return door.connections();
    }

    /// The port that it listens at.
    public int boundPort() {
        return server.getPort();
    }

    /// The key that clients must know: `<type> <base 64>`.
    public String publicHostKeyLine() {
        return line(hostKey);
    }

    /// Stops to listen, interrupts all conversations and closes their connections; waits for them some seconds at
    /// most.
    @Override
    public void close() {
        try {
            threads.forEach(Thread::interrupt);
            boolean _ = Waiting.done(server.close(true), CLOSE_LIMIT);
            threads.forEach(Thread::interrupt);
            long deadline = System.nanoTime() + CLOSE_LIMIT.toNanos();
            for (Thread thread : threads) {
                if (thread.equals(Thread.currentThread())) continue;
                boolean ended = thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
                if (!ended)
                    log.atDebug().addKeyValue("thread", thread.getName()).log("a conversation does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
