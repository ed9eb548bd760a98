package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.Algorithms;
import dispatcher.ssh.Waiting;
import dispatcher.ssh.keys.Credential;
import dispatcher.ssh.keys.HostKey;
import dispatcher.ssh.keys.KeyFiles;
import dispatcher.ssh.keys.KeySearch;
import dispatcher.ssh.tunnel.Tunnel;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.UnreachableException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.sshd.client.future.AuthFuture;
import org.apache.sshd.client.future.ConnectFuture;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.apache.sshd.common.session.helpers.MissingAttachedSessionException;
import org.apache.sshd.core.CoreModuleProperties;
import org.jspecify.annotations.Nullable;

/// Makes one connection and logs in. Blocking, for one thread each; interruption ends it.
final class Handshake {
    /// Where the callbacks of a connection find what they need.
    static final AttributeKey<Handshake> CONTEXT = new AttributeKey<>();

    /// How long to wait before trying again where a host hangs up before its greeting, as sshd does at random
    /// when many log in at once.
    private static final List<Duration> PAUSES = List.of(Duration.ofMillis(200), Duration.ofMillis(800));

    private final MachineClient client;
    private final Target target;
    private final MachineAddress address;
    private final SshClientOptions options;
    private final HostCheck hostCheck;
    private final KeyFiles.Identities identities;
    private final boolean compress;
    private final Runnable connected;

    /// What the connection goes through; nothing if it goes to an address.
    private final Optional<Way> way;

    private volatile @Nullable UnreachableException hostKeyFault;
    private volatile boolean hostKeyAccepted;
    private volatile @Nullable Throwable sessionFault;

    /// The host hung up before its greeting. For the thread that connects.
    private boolean dropped;

    /// Opens a tunnel to the host.
    interface Way {
        Tunnel open() throws UnreachableException, InterruptedException;
    }

    private Handshake(
            MachineClient client,
            Target target,
            SshClientOptions options,
            boolean compress,
            Runnable connected,
            Optional<Way> way)
            throws UnreachableException {
        this.client = client;
        this.target = target;
        this.address = target.address();
        this.options = options;
        this.hostCheck = HostCheck.of(address, target.hostKey());
        this.identities = KeySearch.find(address, target.keys());
        this.compress = compress;
        this.connected = connected;
        this.way = way;
    }

    /// Logs in to `target`.
    ///
    /// @param compress  whether to compress both ways if the host is willing
    /// @param connected called when the host has taken the connection, on a thread that must not wait
    /// @param way       to go instead of connecting to its address
    static ClientSession with(
            MachineClient client,
            Target target,
            SshClientOptions options,
            boolean compress,
            Runnable connected,
            Optional<Way> way)
            throws UnreachableException, InterruptedException {
        return new Handshake(client, target, options, compress, connected, way).run();
    }

    private ClientSession run() throws UnreachableException, InterruptedException {
        for (Duration pause : PAUSES) {
            try {
                return once();
            } catch (UnreachableException e) {
                if (!dropped) throw e;
                Thread.sleep(pause);
            }
        }
        return once();
    }

    private ClientSession once() throws UnreachableException, InterruptedException {
        sessionFault = null;
        dropped = false;
        ClientSession session = connect();
        boolean authenticated = false;
        try {
            authenticate(session);
            authenticated = true;
            return session;
        } finally {
            if (!authenticated) session.close(true);
        }
    }

    private ClientSession connect() throws UnreachableException, InterruptedException {
        if (way.isPresent()) return connectThrough(way.get());
        UnreachableException last = null;
        for (InetAddress found : resolve()) {
            try {
                return connect(found);
            } catch (UnreachableException e) {
                last = e;
            }
        }
        throw java.util.Objects.requireNonNull(last, "a name has at least one address");
    }

    private InetAddress[] resolve() throws UnreachableException {
        try {
            return InetAddress.getAllByName(address.host());
        } catch (UnknownHostException e) {
            throw new UnreachableException(
                    Kind.UNKNOWN_HOST,
                    "the host name '%s' has no address".formatted(address.host()),
                    "correct the machine's hostName (see what `getent hosts %s` says)%s"
                            .formatted(address.host(), target.remarksOnName()),
                    e);
        }
    }

    private ClientSession connect(InetAddress found) throws UnreachableException, InterruptedException {
        InetSocketAddress socket = new InetSocketAddress(named(found), address.port());
        ConnectFuture future;
        try {
            future = client.connectTo(socket, address.user(), AttributeRepository.ofKeyValuePair(CONTEXT, this));
        } catch (IOException e) {
            throw connectFault(socket, e);
        }
        try {
            if (!Waiting.done(future, options.connectLimit)) throw connectTimeOut(socket, options.connectLimit);
        } finally {
            if (!future.isDone()) future.cancel();
        }
        if (future.isConnected()) return future.getClientSession();
        throw connectFault(
                socket, Optional.ofNullable(future.getException()).orElseGet(() -> new IOException("closed")));
    }

    /// With the name that a certificate of the host must be for, by which the library compares it.
    private InetAddress named(InetAddress found) {
        try {
            return InetAddress.getByAddress(target.hostKey().host(), found.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private ClientSession connectThrough(Way through) throws UnreachableException, InterruptedException {
        InetSocketAddress named =
                InetSocketAddress.createUnresolved(target.hostKey().host(), address.port());
        Tunnel tunnel = through.open();
        try {
            ConnectFuture future = client.connectThrough(
                    tunnel, named, address.user(), AttributeRepository.ofKeyValuePair(CONTEXT, this));
            return future.getClientSession();
        } catch (IOException e) {
            tunnel.close();
            throw noGreeting(address.toString(), root(e));
        }
    }

    private UnreachableException connectTimeOut(InetSocketAddress socket, Duration limit) {
        return new UnreachableException(
                Kind.TIMED_OUT,
                "no answer from %s within %s".formatted(describe(socket), Waiting.seconds(limit)),
                seeThatItIsUp());
    }

    private String seeThatItIsUp() {
        return "see that the host is up, and that no firewall drops port %d%s"
                .formatted(address.port(), target.remarks());
    }

    private UnreachableException connectFault(InetSocketAddress socket, Throwable cause) {
        Throwable root = root(cause);
        String message = String.valueOf(root.getMessage());
        String lower = message.toLowerCase(Locale.ROOT);
        if (root instanceof NoRouteToHostException || lower.contains("unreachable") || lower.contains("no route"))
            return new UnreachableException(
                    Kind.NO_ROUTE,
                    "no route to %s: %s".formatted(describe(socket), message),
                    "see that the host is up and its network is reached from here: `ip route get %s`%s"
                            .formatted(socket.getAddress().getHostAddress(), target.remarks()),
                    cause);
        if (root instanceof ConnectException && lower.contains("refused"))
            return new UnreachableException(
                    Kind.REFUSED,
                    "%s refused the connection".formatted(describe(socket)),
                    "see that sshd runs there and listens at port %d, or correct the machine's port%s"
                            .formatted(address.port(), target.remarks()),
                    cause);
        // The library made the connection and found it closed before it had a session for it.
        if (root instanceof MissingAttachedSessionException) return noGreeting(describe(socket), root);
        if (lower.contains("timed out"))
            return new UnreachableException(
                    Kind.TIMED_OUT,
                    "no answer from %s: %s".formatted(describe(socket), message),
                    seeThatItIsUp(),
                    cause);
        return new UnreachableException(
                Kind.BROKEN,
                "cannot connect to %s: %s".formatted(describe(socket), message),
                "see what `ssh -v -p %d %s@%s true` says".formatted(address.port(), address.user(), address.host()),
                cause);
    }

    private void authenticate(ClientSession session) throws UnreachableException, InterruptedException {
        AuthFuture future;
        try {
            future = session.auth();
        } catch (IOException e) {
            throw handshakeFault(session, e);
        }
        if (!Waiting.done(future, options.handshakeLimit)) {
            throw new UnreachableException(
                    Kind.TIMED_OUT,
                    session.getServerVersion() == null
                            ? "%s accepted the connection and sent no SSH greeting within %s"
                                    .formatted(describe(session), Waiting.seconds(options.handshakeLimit))
                            : "logging in to %s took longer than %s"
                                    .formatted(describe(session), Waiting.seconds(options.handshakeLimit)),
                    session.getServerVersion() == null
                            ? "see that it is an SSH server that listens there, and that the host is not overloaded"
                            : "see whether the host is overloaded, or waits for a name server (UseDNS in its sshd_config)");
        }
        if (future.isSuccess()) return;
        throw handshakeFault(
                session, Optional.ofNullable(future.getException()).orElseGet(() -> new SshException("login failed")));
    }

    private UnreachableException handshakeFault(ClientSession session, Throwable cause) {
        UnreachableException known = hostKeyFault;
        if (known != null) return known;
        // The session's own fault says more than that it was closed.
        Throwable root = root(Optional.ofNullable(sessionFault).orElse(cause));
        String message = String.valueOf(root.getMessage());
        int code = root instanceof SshException e ? e.getDisconnectCode() : 0;
        if (session.getServerVersion() == null) return noGreeting(describe(session), root);
        if (hostKeyAccepted
                && (code == SshConstants.SSH2_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE
                        || message.contains("No more authentication methods")
                        || message.contains("Too many authentication failures"))) return keyRejected(message, cause);
        if (message.startsWith("KeyExchange signature verification failed"))
            return new UnreachableException(
                    Kind.HOST_KEY_UNKNOWN,
                    "the host certificate of %s does not hold: %s".formatted(describe(session), message),
                    "see what `ssh-keygen -L -f` says of its file there (HostCertificate in its sshd_config): its principals must have %s"
                            .formatted(target.hostKey().host()),
                    cause);
        if (message.startsWith("Unable to negotiate"))
            return new UnreachableException(
                    Kind.NOT_SSH,
                    "%s and we have no algorithm in common: %s".formatted(describe(session), message),
                    "let its sshd offer curve25519-sha256, aes256-gcm@openssh.com and an ed25519 host key",
                    cause);
        return new UnreachableException(
                Kind.BROKEN,
                "the connection to %s broke while logging in: %s".formatted(describe(session), message),
                "see the log of its sshd, and what `ssh -v -p %d %s@%s true` says"
                        .formatted(address.port(), address.user(), address.host()),
                cause);
    }

    private UnreachableException noGreeting(String where, Throwable root) {
        String message = String.valueOf(root.getMessage());
        if (message.toLowerCase(Locale.ROOT).contains("identification"))
            return new UnreachableException(
                    Kind.NOT_SSH,
                    "what listens at %s is no SSH server: %s".formatted(where, message),
                    "correct the machine's port (now %d)".formatted(address.port()),
                    root);
        dropped = true;
        return new UnreachableException(
                Kind.BROKEN,
                "%s closed the connection before its SSH greeting".formatted(where),
                "see that it is an SSH server that listens there, and its log (MaxStartups and PerSourcePenalties in sshd_config make it do so)",
                root);
    }

    private UnreachableException keyRejected(String message, Throwable cause) {
        if (identities.fault().isPresent()) return identities.fault().get();
        String offered = identities.keys().stream().map(Credential::describe).collect(Collectors.joining(", "));
        String notes = identities.notes().isEmpty() ? "" : "; " + String.join("; ", identities.notes());
        return new UnreachableException(
                Kind.KEY_REJECTED,
                "%s did not accept %s for user %s (%s)%s".formatted(address, offered, address.user(), message, notes),
                "%s%s".formatted(acceptance(message), target.remarks()),
                cause);
    }

    private String acceptance(String message) {
        if (message.contains("Too many authentication failures"))
            return "name the key that it accepts as the machine's sshKey, so that no others are shown";
        return "add `%s` to ~/.ssh/authorized_keys of user %s there".formatted(publicKey(), address.user());
    }

    /// The best one that is no certificate, if there is one.
    private String publicKey() {
        return identities.keys().stream()
                .map(Credential::shown)
                .filter(key -> !key.type().contains("-cert-v01@"))
                .findFirst()
                .orElseGet(() -> identities.keys().getFirst().shown())
                .toString();
    }

    /// What the library shows to the host.
    List<Credential> credentials() {
        return identities.keys();
    }

    /// Called by the library before anything is sent.
    void created(ClientSession session) {
        CoreModuleProperties.WINDOW_SIZE.set(session, (long) options.windowBytes);
        session.setCompressionFactories(Algorithms.compressions(compress));
        connected.run();
    }

    /// Called by the library when the host has shown its key.
    boolean accepts(HostKey shown) {
        Optional<UnreachableException> fault = hostCheck.fault(shown);
        fault.ifPresentOrElse(f -> hostKeyFault = f, () -> hostKeyAccepted = true);
        return fault.isEmpty();
    }

    /// Called by the library when the host has shown a certificate that holds.
    boolean accepts(HostKey authority, HostKey certified) {
        Optional<UnreachableException> fault = hostCheck.fault(authority, certified);
        fault.ifPresentOrElse(f -> hostKeyFault = f, () -> hostKeyAccepted = true);
        return fault.isEmpty();
    }

    /// Called by the library before it proposes host key algorithms.
    String preferKnown(String algorithms) {
        return hostCheck.preferKnown(algorithms);
    }

    /// Called by the library when something went wrong; the first one counts.
    void failed(Throwable cause) {
        if (sessionFault == null) sessionFault = cause;
    }

    private static Throwable root(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) root = root.getCause();
        return root;
    }

    private String describe(ClientSession session) {
        return session.getConnectAddress() instanceof InetSocketAddress socket && !socket.isUnresolved()
                ? describe(socket)
                : address.toString();
    }

    private String describe(InetSocketAddress socket) {
        String ip = socket.getAddress().getHostAddress();
        String where = ip.equals(address.host()) ? ip : address.host() + " (" + ip + ")";
        return where + " port " + address.port();
    }
}
