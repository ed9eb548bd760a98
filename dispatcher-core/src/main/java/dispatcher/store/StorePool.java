package dispatcher.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Open conversations with one store, kept for the next who needs one, since opening one costs a process over there and
/// perhaps a login.
///
/// A store pins what it was sent until the conversation ends, so none is kept for ever. Safe for any thread; the lock
/// is
/// never held while a conversation is opened or closed.
public final class StorePool implements AutoCloseable {
    private static final Duration MAX_IDLE = Duration.ofSeconds(60);
    private static final Duration MAX_AGE = Duration.ofMinutes(10);

    /// Opens a conversation.
    public interface Opener {
        Store open() throws IOException, InterruptedException;
    }

    private final Opener opener;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<Lease> idle = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean closed;

    public StorePool(Opener opener, LongSupplier nanoTime) {
        this.opener = opener;
        this.nanoTime = nanoTime;
    }

    /// A conversation of one's own until it is given back or dropped.
    public final class Lease {
        private final Store store;
        private final long openedAt;
        private long idleSince;
        private boolean reused;

        private Lease(Store store, long openedAt) {
            this.store = store;
            this.openedAt = openedAt;
        }

        public Store store() {
            return store;
        }

        /// Whether somebody used it before, so that the far end may have gone since without a word.
        public boolean isReused() {
            return reused;
        }

        /// Gives it back; only if every call on it ended well, or was refused.
        public void release() {
            long now = nanoTime.getAsLong();
            boolean keep = now - openedAt < MAX_AGE.toNanos();
            lock.lock();
            try {
                if (keep && !closed) {
                    idleSince = now;
                    idle.addFirst(this);
                    return;
                }
            } finally {
                lock.unlock();
            }
            store.close();
        }

        /// Ends it.
        public void drop() {
            store.close();
        }
    }

    /// The conversation used last of those that are free, or a new one.
    public Lease lease() throws IOException, InterruptedException {
        var kept = takeIdle();
        return kept != null ? kept : leaseNew();
    }

    /// A new conversation, whatever is free.
    public Lease leaseNew() throws IOException, InterruptedException {
        return new Lease(opener.open(), nanoTime.getAsLong());
    }

    private @Nullable Lease takeIdle() {
        prune();
        lock.lock();
        try {
            var lease = idle.pollFirst();
            if (lease != null) lease.reused = true;
            return lease;
        } finally {
            lock.unlock();
        }
    }

    /// Ends what has been free for too long. Called now and then by whoever owns the pool.
    public void prune() {
        long now = nanoTime.getAsLong();
        endIf(lease -> now - lease.idleSince >= MAX_IDLE.toNanos() || now - lease.openedAt >= MAX_AGE.toNanos());
    }

    /// Ends all that are free: the far end is known to have gone.
    public void dropIdle() {
        endIf(_ -> true);
    }

    private void endIf(java.util.function.Predicate<Lease> condition) {
        List<Lease> ended = new ArrayList<>();
        lock.lock();
        try {
            idle.removeIf(lease -> {
                boolean end = condition.test(lease);
                if (end) ended.add(lease);
                return end;
            });
        } finally {
            lock.unlock();
        }
        for (var lease : ended) lease.store.close();
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        dropIdle();
    }
}
