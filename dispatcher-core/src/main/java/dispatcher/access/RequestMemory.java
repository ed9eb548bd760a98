package dispatcher.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.wire.Intake;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The memory that all clients' requests take while they are read and worked on. What does not fit waits; one client
/// has half of it at most while others want some.
///
/// So that requests cannot wait for each other for ever, the one that has come furthest may go on regardless of the
/// limit: one at a time, so no more is ever taken than the limit and one request. Small requests never wait. Safe for
/// any thread.
public final class RequestMemory {
    private static final long STEP = 64 * 1024;
    private static final long LOOK_MILLIS = 200;

    private final long limit;
    private final long small;
    private final Duration slow;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Map<String, Long> clients = new HashMap<>();

    /// Those that have some of it.
    @GuardedBy("lock")
    private final Set<Account> holders = new HashSet<>();

    /// The one that came first comes first.
    @GuardedBy("lock")
    private final LinkedHashSet<Account> waiting = new LinkedHashSet<>();

    /// Which may go on beyond the limit.
    @GuardedBy("lock")
    private @Nullable Account furthest;

    @GuardedBy("lock")
    private long used;

    /// @param limit in bytes
    /// @param small of a request, which it need not ask for
    /// @param slow  how long a request may take until it is worked on for longer or answered, while others wait
    public RequestMemory(long limit, long small, Duration slow, LongSupplier nanoTime) {
        this.limit = limit;
        this.small = small;
        this.slow = slow;
        this.nanoTime = nanoTime;
    }

    /// A quarter of this program's memory.
    public static RequestMemory ofProcess(LongSupplier nanoTime) {
        return new RequestMemory(Runtime.getRuntime().maxMemory() / 4, 16 * 1024, Duration.ofMinutes(2), nanoTime);
    }

    /// For one conversation with a client, by the thread that holds it.
    public Account open(String client) {
        return new Account(client);
    }

    /// Bytes taken now, beyond small requests.
    long used() {
        lock.lock();
        try {
            return used;
        } finally {
            lock.unlock();
        }
    }

    /// How many wait.
    int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }

    /// What one conversation's request takes.
    public final class Account implements Intake {
        private final String client;

        /// Of the request at hand; the thread's own.
        private long taken;

        // The rest is guarded by the outer lock, of other accounts too.

        private Thread owner = Thread.currentThread();
        private long held;
        private long begunAt;
        private boolean kept;
        private boolean cut;

        private Account(String client) {
            this.client = client;
        }

        @Override
        public void begins() {
            ends();
        }

        /// @throws InterruptedIOException if the thread is interrupted; it stays so
        @Override
        public void takes(long bytes) throws IOException {
            taken += bytes;
            lock.lock();
            try {
                requireNotCut();
                long more = taken - small - held;
                if (more <= 0) return;
                if (held == 0) {
                    begunAt = nanoTime.getAsLong();
                    owner = Thread.currentThread();
                    kept = false;
                }
                take(Math.max(more, STEP));
            } finally {
                lock.unlock();
            }
        }

        @GuardedBy("lock")
        private void take(long more) throws IOException {
            waiting.add(this);
            try {
                while (!mayTake(more)) {
                    boolean _ = changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                    requireNotCut();
                    cutSlowest();
                }
            } catch (InterruptedException e) {
                requireNotCut();
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while waiting for memory for a request");
            } finally {
                waiting.remove(this);
                // Another one is the furthest now of those that wait.
                changed.signalAll();
            }
            used += more;
            held += more;
            holders.add(this);
            clients.merge(client, more, Long::sum);
        }

        @GuardedBy("lock")
        private boolean mayTake(long more) {
            if (furthest == this) return true;
            if (more <= limit - used && more <= limit / 2 - clients.getOrDefault(client, 0L)) return true;
            if (furthest != null) return false;
            for (var other : waiting) if (other.held > held) return false;
            // Of equals, the one that came first.
            if (held == 0 && waiting.getFirst() != this) return false;
            furthest = this;
            return true;
        }

        /// @throws ProtocolException with the reason, if this is why the thread was interrupted
        public void explainInterruption() throws ProtocolException {
            lock.lock();
            try {
                requireNotCut();
            } finally {
                lock.unlock();
            }
        }

        @GuardedBy("lock")
        private void requireNotCut() throws ProtocolException {
            if (!cut) return;
            boolean _ = Thread.interrupted();
            throw new ProtocolException(
                    "the request took longer than %d s while others waited for the memory that it holds: send it faster, or in parts"
                            .formatted(slow.toSeconds()));
        }

        @Override
        public void isRead() {}

        @Override
        public void keeps() throws ProtocolException {
            lock.lock();
            try {
                requireNotCut();
                if (furthest == this && used > limit)
                    throw new ProtocolException(
                            "this dispatcher has no memory for a request of %d bytes now, as those that it works on take all of the %d bytes that there are for requests: ask again later, or give it more (-Xmx in DISPATCHER_JAVA_OPTS)"
                                    .formatted(taken, limit));
                if (furthest == this) furthest = null;
                kept = true;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void ends() {
            taken = 0;
            lock.lock();
            try {
                if (furthest == this) furthest = null;
                if (held == 0) return;
                long given = held;
                held = 0;
                used -= given;
                holders.remove(this);
                clients.computeIfPresent(client, (_, before) -> before == given ? null : before - given);
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Ends the request that has been going on for longest, if that is too long.
    @GuardedBy("lock")
    private void cutSlowest() {
        long now = nanoTime.getAsLong();
        Account slowest = null;
        for (var holder : holders)
            if (!holder.kept
                    && !holder.cut
                    && !waiting.contains(holder)
                    && (slowest == null || holder.begunAt - slowest.begunAt < 0)) slowest = holder;
        if (slowest == null || now - slowest.begunAt < slow.toNanos()) return;
        slowest.cut = true;
        slowest.owner.interrupt();
    }
}
