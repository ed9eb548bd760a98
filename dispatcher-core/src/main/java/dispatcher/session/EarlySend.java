package dispatcher.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.Failures;
import dispatcher.store.PathSource;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Verify;
import dispatcher.store.conversation.StorePool;
import dispatcher.store.spool.GrowingNar;
import dispatcher.store.transfer.EarlyCopy;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One input that goes on to a machine while its client uploads it, on a thread of its own. A failure here is
/// nobody's fault: the build that needs the input will find out.
///
/// The conversation in which it was sent is kept, so that the machine keeps the path, until a build takes it
/// over or it is let go. For two threads: this one's own and the session's.
final class EarlySend {
    private static final Logger log = LoggerFactory.getLogger(EarlySend.class);

    private final SessionContext context;
    private final long clientNumber;
    private final MachineLink.Use use;
    private final GrowingNar nar;
    private final boolean substitute;
    private final Function<StorePath, Optional<PathInfo>> spooled;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();

    /// Where it is sent, and then what keeps it there.
    @GuardedBy("lock")
    private StorePool.@Nullable Lease kept;

    @GuardedBy("lock")
    private boolean over;

    @GuardedBy("lock")
    private boolean letGo;

    /// Set before the thread starts.
    private @Nullable EarlyCopy copy;

    private volatile boolean failed;

    /// Whether it is known to others that the machine will have it.
    private volatile boolean announced;

    /// Whether the machine has it, or others send it there.
    private volatile boolean settled;

    /// @param use        of the way to the machine; closed by this
    /// @param nar        closed by this
    /// @param lease      a conversation with the machine that the session has kept; without one, another is begun
    /// @param substitute whether the machine may fetch from its substituters what the input refers to
    /// @param spooled    what the spool has that the client may see
    EarlySend(
            SessionContext context,
            long clientNumber,
            MachineLink.Use use,
            GrowingNar nar,
            Optional<StorePool.Lease> lease,
            boolean substitute,
            Function<StorePath, Optional<PathInfo>> spooled) {
        this.context = context;
        this.clientNumber = clientNumber;
        this.use = use;
        this.nar = nar;
        this.kept = lease.orElse(null);
        this.substitute = substitute;
        this.spooled = spooled;
        this.thread = Thread.ofVirtual()
                .name("early send to " + use.link().machine().name())
                .unstarted(this::run);
    }

    MachineLink link() {
        return use.link();
    }

    boolean isOf(StorePath path) {
        return path.equals(path());
    }

    private String machine() {
        return link().machine().name();
    }

    /// Begins if that disturbs no other transfer; otherwise it is over at once.
    void start() {
        copy = link().copier().early(this::hurry).orElse(null);
        if (copy != null) {
            thread.start();
            return;
        }
        nar.close();
        end();
    }

    /// A build waits for the input. One that is still being uploaded may take any time.
    private void hurry() {
        if (!nar.isWhole()) thread.interrupt();
    }

    private void run() {
        long begun = context.nanoTime().getAsLong();
        var sent = List.<PathInfo>of();
        try (nar;
                var permitted = Objects.requireNonNull(copy)) {
            sent = send(permitted);
            settled = true;
        } catch (SourceFailedException e) {
            log.atDebug().addKeyValue("path", path()).log("not sent before a build asks for it: {}", e.getMessage());
        } catch (IOException e) {
            failed = true;
            log.atDebug()
                    .addKeyValue("path", path())
                    .addKeyValue("machine", machine())
                    .log("not sent before a build asks for it: {}", Failures.describe(e));
        } catch (InterruptedException e) {
            // Nobody needs it, or a build sends it.
        } finally {
            // What comes next is not to be disturbed by that.
            Thread.interrupted();
            end();
            if (announced && !settled) context.known().locations().remove(List.of(path()), machine());
        }
        if (sent.isEmpty()) return;
        long bytes = sent.stream().mapToLong(PathInfo::narSize).sum();
        var took = Duration.ofNanos(context.nanoTime().getAsLong() - begun);
        context.listener().inputSentEarly(clientNumber, path(), machine(), bytes, took);
    }

    private List<PathInfo> send(EarlyCopy permitted) throws IOException, InterruptedException {
        context.machines().requireAnswer(link());
        var infos = permitted.send(lease().store(), path(), this::isExpectedThere, substitute, new Source());
        var paths = infos.stream().map(PathInfo::path).toList();
        context.known().sent(paths, machine());
        return infos;
    }

    private StorePool.Lease lease() throws IOException, InterruptedException {
        lock.lock();
        try {
            if (kept != null) return kept;
        } finally {
            lock.unlock();
        }
        // A conversation that others have left may have died since, which shows at the first question.
        var lease = link().conversations()
                .lease(fresh -> fresh.store().queryValidPaths(List.of(path()), this::isExpectedThere, false))
                .lease();
        lock.lock();
        try {
            kept = lease;
        } finally {
            lock.unlock();
        }
        return lease;
    }

    private StorePath path() {
        return nar.info().path();
    }

    private boolean isExpectedThere(StorePath path) {
        return context.known().isOn(machine(), path);
    }

    /// The spool has all of it now, and the machine will have it soon: builds are to go there. On the session's
    /// thread.
    void uploaded() {
        if (isOver()) return;
        announced = true;
        context.known().locations().add(List.of(path()), machine());
        if (isOver() && !settled) context.known().locations().remove(List.of(path()), machine());
    }

    /// Whether the machine, or the way to it, is to be left alone by this session.
    boolean hasFailed() {
        return failed;
    }

    boolean isOver() {
        lock.lock();
        try {
            return over;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            over = true;
            if (!letGo && kept != null && !kept.isBrokenOff()) return;
        } finally {
            lock.unlock();
        }
        release();
    }

    /// The conversation that was kept, for another input to the same machine; empty if there is none, or not yet.
    Optional<StorePool.Lease> takeOver() {
        lock.lock();
        try {
            if (!over) return Optional.empty();
            var lease = Optional.ofNullable(kept);
            kept = null;
            return lease;
        } finally {
            lock.unlock();
        }
    }

    /// What keeps the path is free for others, now or when the path is there.
    void letGo() {
        lock.lock();
        try {
            letGo = true;
            if (!over) return;
        } finally {
            lock.unlock();
        }
        release();
    }

    /// The client has left: this ends, unless a build waits for it.
    void abandon() {
        letGo();
        if (copy != null && !copy.isWanted()) thread.interrupt();
    }

    /// A second time does nothing.
    private void release() {
        StorePool.Lease lease;
        lock.lock();
        try {
            lease = kept;
            kept = null;
        } finally {
            lock.unlock();
        }
        if (lease != null) lease.release();
        use.close();
    }

    /// The input as it comes, and what it refers to.
    private final class Source implements PathSource {
        @Override
        public Optional<PathInfo> info(StorePath path) {
            return path.equals(path()) ? Optional.of(nar.info()) : spooled.apply(path);
        }

        @Override
        public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
                throws IOException, InterruptedException {
            return path.equals(path())
                    ? new NarSummary(nar.info().narHash(), nar.copyTo(sink))
                    : context.spool().narFromPath(path, verify, sink);
        }
    }
}
