package dispatcher.ssh.tunnel;

import dispatcher.ssh.SessionWatch;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.sshd.common.session.Session;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A machine's connection to us, over which it has offered one port of its own. Safe for any number of threads.
public final class DialIn {
    private static final Logger log = LoggerFactory.getLogger(DialIn.class);

    /// More connections to one machine than its slots and copies ever need.
    private static final int MOST_TUNNELS = 64;

    private final Session session;
    private final TunnelTarget target;
    private final String from;
    private final AtomicInteger tunnels = new AtomicInteger();

    /// @param target as the machine has asked for it
    /// @param from   its address
    public DialIn(Session session, TunnelTarget target, String from) {
        this.session = session;
        this.target = target;
        this.from = from;
    }

    boolean isOf(Session other) {
        return session.equals(other);
    }

    Session session() {
        return session;
    }

    String from() {
        return from;
    }

    boolean isOpen() {
        return session.isOpen();
    }

    /// Whether the machine gives a sign of life on it.
    boolean answers(Duration limit) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        // On another thread, as the library may block it.
        Thread.ofVirtual().name("ssh-ask " + from).start(() -> {
            try {
                SessionWatch.ask(session, answered::countDown);
            } catch (IOException | RuntimeException e) {
                log.atDebug().addKeyValue("from", from).log("question not sent: {}", e.getMessage());
            }
        });
        return answered.await(limit.toNanos(), TimeUnit.NANOSECONDS) && isOpen();
    }

    /// A tunnel to the port that the machine has offered.
    Tunnel open(Duration limit) throws IOException, InterruptedException {
        if (tunnels.incrementAndGet() > MOST_TUNNELS) {
            tunnels.decrementAndGet();
            throw new IOException("there are %d connections through it already".formatted(MOST_TUNNELS));
        }
        boolean ready = false;
        try {
            Tunnel tunnel = Tunnel.open(session, target, limit);
            tunnel.onClose(tunnels::decrementAndGet);
            ready = true;
            return tunnel;
        } finally {
            if (!ready) tunnels.decrementAndGet();
        }
    }

    void close() {
        session.close(true);
    }
}
