package dispatcher.ssh;

import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.kex.KexState;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches a connection on a virtual thread of its own, which ends with the connection: asks the peer for signs
/// of life and ends the connection when there are none, or when a write makes no progress.
///
/// The library has keep-alives too, but stops them for the time of a key exchange, so that a peer that goes
/// silent during one would never be noticed.
public final class SessionWatch {
    private static final Logger log = LoggerFactory.getLogger(SessionWatch.class);
    private static final String KEEP_ALIVE = "keepalive@openssh.com";
    private static final Duration LONGEST_TICK = Duration.ofSeconds(1);

    private final String peer;
    private final Session session;
    private final Patience patience;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicInteger unanswered = new AtomicInteger();

    /// Known to the watching thread only, once it runs.
    private long nextQuestion;

    /// @param keepAlive  how often to ask
    /// @param unanswered how many questions in a row may go without an answer
    /// @param writeStall how long a write may be without progress
    public record Patience(Duration keepAlive, int unanswered, Duration writeStall) {
        Duration tick() {
            Duration quarter = (keepAlive.compareTo(writeStall) < 0 ? keepAlive : writeStall).dividedBy(4);
            return quarter.compareTo(LONGEST_TICK) < 0 ? quarter : LONGEST_TICK;
        }
    }

    public SessionWatch(String peer, Session session, Patience patience) {
        this.peer = peer;
        this.session = session;
        this.patience = patience;
    }

    /// Begins.
    ///
    /// @param stalled  whether some write has made no progress for too long
    /// @param eachTick called now and then
    /// @param giveUp   is to close the connection, with the reason
    public void start(BooleanSupplier stalled, Runnable eachTick, Consumer<String> giveUp) {
        session.addCloseFutureListener(_ -> closed.countDown());
        nextQuestion = System.nanoTime() + patience.keepAlive().toNanos();
        SteadyThread.unstarted("ssh-watch " + peer, () -> looksAgain(stalled, eachTick, giveUp))
                .start();
    }

    private boolean looksAgain(BooleanSupplier stalled, Runnable eachTick, Consumer<String> giveUp)
            throws InterruptedException {
        if (closed.await(patience.tick().toNanos(), TimeUnit.NANOSECONDS)) return false;
        eachTick.run();
        if (stalled.getAsBoolean()) {
            giveUp.accept("a write made no progress for " + Waiting.seconds(patience.writeStall()));
        } else if (System.nanoTime() - nextQuestion >= 0) {
            nextQuestion = System.nanoTime() + patience.keepAlive().toNanos();
            if (unanswered.getAndIncrement() < patience.unanswered()) ask();
            else giveUp.accept("there was no sign of life for " + silence());
        }
        return true;
    }

    private String silence() {
        return Waiting.seconds(patience.keepAlive().multipliedBy(patience.unanswered() + 1L));
    }

    /// During a key exchange nothing is sent, and that counts as no answer.
    private void ask() {
        if (session.getKexState() != KexState.DONE) return;
        // On another thread, as the library may block it.
        Thread.ofVirtual().name("ssh-ask " + peer).start(() -> {
            try {
                ask(session, () -> unanswered.set(0));
            } catch (IOException | RuntimeException e) {
                log.atDebug().addKeyValue("peer", peer).log("keep-alive not sent: {}", e.getMessage());
            }
        });
    }

    /// Asks the peer what it does not know; `answered` runs on a thread of the library's when it has said so.
    public static void ask(Session session, Runnable answered) throws IOException {
        Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_GLOBAL_REQUEST);
        buffer.putString(KEEP_ALIVE);
        buffer.putBoolean(true);
        var _ = session.request(buffer, KEEP_ALIVE, (_, _) -> answered.run());
    }
}
