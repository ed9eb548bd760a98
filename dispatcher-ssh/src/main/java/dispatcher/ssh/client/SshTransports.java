package dispatcher.ssh.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.MachineAddress;
import dispatcher.ssh.Algorithms;
import dispatcher.ssh.BulkSockets;
import dispatcher.ssh.Waiting;
import dispatcher.ssh.config.HostSettings;
import dispatcher.ssh.keys.Credential;
import dispatcher.ssh.keys.JdkEdDsa;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.ssh.tunnel.DialIns;
import dispatcher.wire.Transport;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.sshd.client.ClientBuilder;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.config.keys.OpenSshCertificate;
import org.apache.sshd.common.kex.KexProposalOption;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;
import org.jspecify.annotations.Nullable;

/// The way to machines over SSH: one shared SSH client, and a [Transport] for each machine that keeps and shares
/// its connections. Nothing is loaded or started before the first connection is made.
///
/// Safe for any number of threads. Two daemon threads serve all connections' sockets; each connection has a
/// virtual thread that watches it.
public final class SshTransports implements AutoCloseable {
    private static final int SOCKET_THREADS = 2;
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private @Nullable MachineClient client;

    @GuardedBy("lock")
    private boolean closed;

    private final Set<SshTransport> transports = ConcurrentHashMap.newKeySet();
    private final Map<String, Semaphore> handshakes = new ConcurrentHashMap<>();

    private final DialIns dialIns;

    /// For machines that are all reached from here.
    public SshTransports() {
        this(new DialIns());
    }

    /// @param dialIns the machines that connect to us
    public SshTransports(DialIns dialIns) {
        this.dialIns = dialIns;
    }

    DialIns dialIns() {
        return dialIns;
    }

    /// Loads and starts what the first connection would otherwise wait for. Contacts no machine; may be called on a
    /// thread of its own.
    public void prepare() {
        lock.lock();
        try {
            if (!closed) client();
        } finally {
            lock.unlock();
        }
    }

    /// The way to a machine. No connection is made before one is needed. To be closed when the machine is no
    /// longer wanted; [#close] does it too.
    ///
    /// Its `open` throws an [dispatcher.wire.UnreachableException] of every kind that there is. Its channels'
    /// reads fail with an [java.io.IOException] where the connection broke before the host had announced the end,
    /// so that an end is never mistaken for one.
    public Transport forMachine(MachineAddress address, SshClientOptions options) {
        Semaphore handshakesWithHost = handshakes.computeIfAbsent(
                address.host().toLowerCase(Locale.ROOT) + ":" + address.port(),
                _ -> new Semaphore(options.maxHandshakes));
        SshTransport transport = new SshTransport(this, address, options, handshakesWithHost);
        transports.add(transport);
        return transport;
    }

    /// Which lines of ssh_config decide the way to a machine, and what of it is not used; each with file and line.
    /// Empty
    /// if it has no part in that.
    public static List<String> explain(MachineAddress address) {
        HostSettings said = Targets.settingsOf(address);
        return Stream.concat(
                        said.origins().stream().map(HostSettings.Origin::toString),
                        said.warnings().stream().map(warning -> "not used: " + warning))
                .toList();
    }

    void forget(SshTransport transport) {
        transports.remove(transport);
    }

    /// The one client, started when first asked for.
    MachineClient client() {
        lock.lock();
        try {
            if (closed) throw new IllegalStateException("the SSH client is closed");
            MachineClient started = client;
            if (started == null) {
                JdkEdDsa.install();
                started = start();
                client = started;
            }
            return started;
        } finally {
            lock.unlock();
        }
    }

    private static MachineClient start() {
        SshClient built = Algorithms.offeredToServers(ClientBuilder.builder().factory(MachineClient::new))
                .keyExchangeFactories(
                        NamedFactory.setUpTransformedFactories(true, Algorithms.KEY_EXCHANGES, ClientBuilder.DH2KEX))
                .hostConfigEntryResolver(HostConfigEntryResolver.EMPTY)
                .forwardingFilter(RejectAllForwardingFilter.INSTANCE)
                .serverKeyVerifier((session, _, key) -> {
                    Handshake handshake = handshakeOf(session);
                    return handshake != null && accepts(handshake, key);
                })
                .build();
        MachineClient client = (MachineClient) built;
        client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
        client.setUserAuthFactories(List.of(new PublicKeyLogin.Factory(SshTransports::credentials)));
        client.setIoServiceFactoryFactory(new BulkSockets());
        client.setNioWorkers(SOCKET_THREADS);
        client.addSessionListener(new Listener());
        // Each connection has limits of its own; these would come in addition.
        CoreModuleProperties.IDLE_TIMEOUT.set(client, Duration.ZERO);
        CoreModuleProperties.AUTH_TIMEOUT.set(client, Duration.ofDays(1));
        CoreModuleProperties.IO_CONNECT_TIMEOUT.set(client, Duration.ofHours(1));
        CoreModuleProperties.WAIT_FOR_SPACE_TIMEOUT.set(client, Duration.ofDays(365));
        CoreModuleProperties.REQUEST_EXEC_REPLY.set(client, true);
        CoreModuleProperties.REKEY_BYTES_LIMIT.set(client, Algorithms.BYTES_PER_KEY);
        CoreModuleProperties.TCP_NODELAY.set(client, true);
        CoreModuleProperties.SOCKET_KEEPALIVE.set(client, true);
        CoreModuleProperties.NIO2_READ_BUFFER_SIZE.set(client, 64 * 1024);
        client.start();
        return client;
    }

    private static boolean accepts(Handshake handshake, PublicKey key) {
        return key instanceof OpenSshCertificate certificate
                ? handshake.accepts(
                        KeyFiles.encode(certificate.getCaPubKey()), KeyFiles.encode(certificate.getCertPubKey()))
                : handshake.accepts(KeyFiles.encode(key));
    }

    private static List<Credential> credentials(ClientSession session) {
        Handshake handshake = handshakeOf(session);
        return handshake == null ? List.of() : handshake.credentials();
    }

    private static @Nullable Handshake handshakeOf(ClientSession session) {
        var context = session.getConnectionContext();
        return context == null ? null : context.getAttribute(Handshake.CONTEXT);
    }

    /// Receives what happens to connections; called by the library's threads.
    private static final class Listener implements SessionListener {
        @Override
        public void sessionCreated(Session session) {
            if (session instanceof ClientSession ours) {
                Handshake handshake = handshakeOf(ours);
                if (handshake != null) handshake.created(ours);
            }
        }

        @Override
        public void sessionNegotiationOptionsCreated(Session session, Map<KexProposalOption, String> proposal) {
            if (session instanceof ClientSession ours) {
                Handshake handshake = handshakeOf(ours);
                if (handshake != null)
                    proposal.computeIfPresent(
                            KexProposalOption.SERVERKEYS, (_, algorithms) -> handshake.preferKnown(algorithms));
            }
        }

        @Override
        public void sessionException(Session session, Throwable cause) {
            if (session instanceof ClientSession ours) {
                Handshake handshake = handshakeOf(ours);
                if (handshake != null) handshake.failed(cause);
            }
        }
    }

    /// Closes all connections at once; channels on them fail.
    @Override
    public void close() {
        MachineClient started;
        lock.lock();
        try {
            if (closed) return;
            closed = true;
            started = client;
            client = null;
        } finally {
            lock.unlock();
        }
        List.copyOf(transports).forEach(SshTransport::close);
        if (started == null) return;
        try {
            boolean _ = Waiting.done(started.close(true), CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
