package dispatcher.ssh.server;

import dispatcher.access.ConnectionLimiter;
import dispatcher.access.ThrottledLog;
import dispatcher.thread.TimeLimit;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.io.IoSession;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.helpers.AbstractSession;
import org.apache.sshd.common.util.Readable;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.session.ServerSessionImpl;
import org.apache.sshd.server.session.SessionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes sessions for the connections that the door lets in, and sends the others the reason why not. Called by the
/// library's threads.
final class Doorkeeper extends SessionFactory {
    private static final Logger log = LoggerFactory.getLogger(Doorkeeper.class);
    private static final AttributeKey<ConnectionLimiter.Visit> VISIT = new AttributeKey<>();
    /// On the sockets of connections that were let in, and of those that were not.
    private static final Object ARRIVED = "arrived";

    private static final Object REFUSED = "refused";

    /// How long a client has for reading why it has to go.
    static final Duration LAST_WORDS = Duration.ofSeconds(3);

    /// More than these are closed without a word.
    private static final int MOST_LEAVING = 100;

    private final ConnectionLimiter door;
    private final ThrottledLog arrivals;
    private final AtomicInteger leaving = new AtomicInteger();

    /// @param arrivals is informed of connections that have to go
    Doorkeeper(SshServer sshd, ConnectionLimiter door, ThrottledLog arrivals) {
        super(sshd);
        this.door = door;
        this.arrivals = arrivals;
    }

    /// What the door knows of a connection that was let in.
    static Optional<ConnectionLimiter.Visit> visitOf(Session session) {
        return Optional.ofNullable(session.getAttribute(VISIT));
    }

    /// By which addresses are counted: all of a network of 64 bits are one client's with IPv6.
    private static String network(SocketAddress address) {
        if (!(address instanceof InetSocketAddress socket)) return String.valueOf(address);
        if (!(socket.getAddress() instanceof Inet6Address six))
            return socket.getAddress().getHostAddress();
        return HexFormat.ofDelimiter(":").formatHex(six.getAddress(), 0, Long.BYTES) + "::/64";
    }

    @Override
    public void sessionCreated(IoSession socket) throws Exception {
        String from = network(socket.getRemoteAddress());
        switch (door.arrive(from, why -> displace(socket, from, why))) {
            case ConnectionLimiter.Refused(String why) -> {
                arrivals.refused(log, "connection refused", from, why);
                sendAway(socket, why);
            }
            case ConnectionLimiter.Visit visit -> letIn(socket, visit);
        }
    }

    /// On another thread, as the library may block it, and the calling one belongs to the library.
    private void displace(IoSession socket, String from, String why) {
        arrivals.refused(log, "login ended", from, why);
        var _ = new TimeLimit(LAST_WORDS, () -> socket.close(true));
        Thread.ofVirtual().name("ssh-displace " + from).start(() -> {
            try {
                AbstractSession session = AbstractSession.getSession(socket, true);
                if (session == null) socket.close(true);
                else session.disconnect(SshConstants.SSH2_DISCONNECT_TOO_MANY_CONNECTIONS, why);
            } catch (IOException | RuntimeException e) {
                log.atDebug()
                        .addKeyValue("from", from)
                        .log("could not send the reason why its login ended: {}", e.toString());
                socket.close(true);
            }
        });
    }

    private void letIn(IoSession socket, ConnectionLimiter.Visit visit) throws Exception {
        boolean in = false;
        try {
            socket.setAttribute(ARRIVED, visit);
            super.sessionCreated(socket);
            in = true;
        } finally {
            if (!in) visit.leave();
        }
    }

    @Override
    protected ServerSessionImpl doCreateSession(IoSession socket) throws Exception {
        ServerSessionImpl session = super.doCreateSession(socket);
        session.setAttribute(VISIT, (ConnectionLimiter.Visit) Objects.requireNonNull(socket.getAttribute(ARRIVED)));
        return session;
    }

    /// The client closes the connection when it has read why; if we did, it might not get to read it.
    private void sendAway(IoSession socket, String why) throws IOException {
        socket.setAttribute(REFUSED, true);
        if (leaving.incrementAndGet() > MOST_LEAVING) {
            socket.close(true);
            return;
        }
        var _ = socket.writeBuffer(Farewell.tooManyConnections(why));
        var _ = new TimeLimit(LAST_WORDS, () -> socket.close(true));
    }

    @Override
    public void messageReceived(IoSession socket, Readable message) throws Exception {
        if (socket.getAttribute(REFUSED) == null) super.messageReceived(socket, message);
    }

    @Override
    public void sessionClosed(IoSession socket) throws Exception {
        if (socket.getAttribute(REFUSED) == null) super.sessionClosed(socket);
        else leaving.decrementAndGet();
    }

    @Override
    public void exceptionCaught(IoSession socket, Throwable cause) throws Exception {
        if (socket.getAttribute(REFUSED) == null) super.exceptionCaught(socket, cause);
        else socket.close(true);
    }
}
