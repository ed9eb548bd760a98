package dispatcher.store.conversation;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.StorePath;
import dispatcher.store.SourceFailedException;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Open conversations with one store, kept for the next who needs one, since opening one costs a process over there
/// and perhaps a login.
///
/// A store pins what it was sent and what it built until the conversation ends, and cannot collect that as
/// garbage. So a conversation is kept for some time, some builds and some bytes only, and for none at all while
/// the store lacks room. A conversation that a request broke off in is of no use and never comes back
/// into the pool. Safe for any thread; the lock is never held while a conversation is opened or closed.
public final class StorePool implements AutoCloseable {
    private static final Duration MAX_IDLE = Duration.ofSeconds(60);
    private static final Duration MAX_AGE = Duration.ofMinutes(10);

    /// Most builds that are begun in a conversation; then it is not kept.
    public static final int MOST_BUILDS = 16;

    /// Most bytes that the store gets in a conversation, sent or built; then it is not kept.
    public static final long MOST_BYTES = 512L << 20;

    /// Opens a conversation.
    public interface Opener {
        Store open() throws IOException, InterruptedException;
    }

    private final Opener opener;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    /// What all open conversations keep, free or in use.
    private final Set<PinnedPaths> open = ConcurrentHashMap.newKeySet();

    @GuardedBy("lock")
    private final Deque<Kept> idle = new ArrayDeque<>();

    /// How often [#renew] was called.
    @GuardedBy("lock")
    private long generation;

    @GuardedBy("lock")
    private long mostBytes = MOST_BYTES;

    /// Callers that wait for room and have no conversation.
    @GuardedBy("lock")
    private int waitingForRoom;

    @GuardedBy("lock")
    private boolean closed;

    /// When the store gave its last answer of any kind; not there if it never did.
    private volatile @Nullable Long heardAt;

    public StorePool(Opener opener, LongSupplier nanoTime) {
        this.opener = opener;
        this.nanoTime = nanoTime;
    }

    private record Kept(Store store, PinnedPaths pinned, long openedAt, long generation, long idleSince) {}

    /// A conversation of one's own until it is given back or dropped. Confined to one thread.
    public final class Lease {
        private final Store inner;
        private final PinnedPaths pinned;
        private final Wholeness wholeness;
        private final GuardedStore store;
        private final long openedAt;
        private final long bornIn;
        private final boolean reused;
        private boolean over;

        private Lease(Store inner, PinnedPaths pinned, long openedAt, long bornIn, boolean reused) {
            this.inner = inner;
            this.pinned = pinned;
            this.wholeness = new Wholeness(StorePool.this::heard);
            this.store = new GuardedStore(inner, List.of(pinned, wholeness));
            this.openedAt = openedAt;
            this.bornIn = bornIn;
            this.reused = reused;
        }

        public Store store() {
            return store;
        }

        /// Whether it was used before, and nothing has been heard since: the far end may have gone without a
        /// word.
        public boolean isInDoubt() {
            return reused && !wholeness.isHeard();
        }

        /// Whether it was used before: the far end may have begun it with other settings than it has now.
        public boolean isReused() {
            return reused;
        }

        /// Whether a call on it broke off: it is unknown what the far end will say next.
        public boolean isBrokenOff() {
            return wholeness.isBrokenOff();
        }

        /// Whether it pins too much to be kept when it is given back.
        public boolean isFull() {
            lock.lock();
            try {
                return pinsTooMuch(pinned);
            } finally {
                lock.unlock();
            }
        }

        /// Gives it back. It is kept for others unless it is too old, pins too much or a call on it broke off.
        public void release() {
            if (over) return;
            over = true;
            if (wholeness.isBrokenOff() || !keep()) end(inner, pinned);
        }

        private boolean keep() {
            long now = nanoTime.getAsLong();
            if (now - openedAt >= MAX_AGE.toNanos()) return false;
            lock.lock();
            try {
                if (closed || bornIn != generation || waitingForRoom > 0 || pinsTooMuch(pinned)) return false;
                idle.addFirst(new Kept(inner, pinned, openedAt, bornIn, now));
                return true;
            } finally {
                lock.unlock();
            }
        }

        /// Ends it.
        public void drop() {
            if (over) return;
            over = true;
            end(inner, pinned);
        }
    }

    /// How many conversations are open, free or in use.
    public int openCount() {
        return open.size();
    }

    /// How many of them are leased.
    public int leasedCount() {
        lock.lock();
        try {
            return Math.max(0, open.size() - idle.size());
        } finally {
            lock.unlock();
        }
    }

    /// Whether the store has said to have a path, or got it, in another conversation that is open still: then it
    /// keeps it, and cannot have lost it.
    public boolean keepsElsewhere(StorePath path, Lease than) {
        return open.stream().anyMatch(pinned -> pinned != than.pinned && pinned.has(path));
    }

    /// A request to a store.
    public interface Question<T> {
        T ask(Lease lease) throws IOException, InterruptedException;
    }

    /// A conversation, and the answer to the first question on it.
    public record Opened<T>(Lease lease, T answer) {}

    /// A conversation in which `first` has been answered: the one used last of those that are free, or a new one.
    /// One that was free may have died unnoticed; then `first` is asked again in a new one, so it must bear that.
    ///
    /// @throws StoreRefusedException if the store says no to the question
    /// @throws SourceFailedException if the question does
    /// @throws IOException           if no conversation can be opened, or a new one breaks
    public <T> Opened<T> lease(Question<T> first) throws IOException, InterruptedException {
        var kept = takeIdle();
        if (kept != null) {
            try {
                return ask(new Lease(kept.store, kept.pinned, kept.openedAt, kept.generation, true), first);
            } catch (StoreRefusedException | SourceFailedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                dropIdle();
            }
        }
        return leaseNew(first);
    }

    /// The same in a new conversation, which pins nothing else.
    public <T> Opened<T> leaseNew(Question<T> first) throws IOException, InterruptedException {
        long bornIn = generation();
        var store = opener.open();
        heard();
        var pinned = new PinnedPaths();
        open.add(pinned);
        return ask(new Lease(store, pinned, nanoTime.getAsLong(), bornIn, false), first);
    }

    private void heard() {
        heardAt = nanoTime.getAsLong();
    }

    /// Whether the store has answered anything, in any conversation, within the last `lately`.
    public boolean wasHeardWithin(Duration lately) {
        var at = heardAt;
        return at != null && nanoTime.getAsLong() - at <= lately.toNanos();
    }

    private long generation() {
        lock.lock();
        try {
            return generation;
        } finally {
            lock.unlock();
        }
    }

    private static <T> Opened<T> ask(Lease lease, Question<T> first) throws IOException, InterruptedException {
        boolean answered = false;
        try {
            var answer = first.ask(lease);
            answered = true;
            return new Opened<>(lease, answer);
        } finally {
            if (!answered) lease.release();
        }
    }

    private @Nullable Kept takeIdle() {
        prune();
        lock.lock();
        try {
            return idle.pollFirst();
        } finally {
            lock.unlock();
        }
    }

    /// Ends what has been free for too long. The owner of the pool calls this now and then.
    public void prune() {
        long now = nanoTime.getAsLong();
        endIf(kept -> now - kept.idleSince >= MAX_IDLE.toNanos() || now - kept.openedAt >= MAX_AGE.toNanos());
    }

    /// Ends all that are free: the far end is known to have gone.
    public void dropIdle() {
        endIf(_ -> true);
    }

    /// Ends those that are free, and the others when they are given back: new ones would have a better way, or meet
    /// other settings.
    public void renew() {
        lock.lock();
        try {
            generation++;
        } finally {
            lock.unlock();
        }
        dropIdle();
    }

    @GuardedBy("lock")
    private boolean pinsTooMuch(PinnedPaths pinned) {
        return pinned.isAtLeast(MOST_BUILDS, mostBytes);
    }

    /// From now on a conversation is kept as long as the store got fewer bytes by it, at most [#MOST_BYTES]. None is
    /// for 0, as when the store lacks room: those that are free end, and the others when they are given back.
    public void keepUpTo(long bytes) {
        lock.lock();
        try {
            mostBytes = Math.min(bytes, MOST_BYTES);
        } finally {
            lock.unlock();
        }
        endIf(kept -> kept.pinned.isAtLeast(MOST_BUILDS, bytes));
    }

    /// For a caller that may have to wait until all others have left the store. To be closed.
    public Room room() {
        return new Room();
    }

    /// Room that a caller needs until this is closed. Safe for any thread.
    public final class Room implements AutoCloseable {
        @GuardedBy("lock")
        private boolean made;

        @GuardedBy("lock")
        private boolean over;

        private Room() {}

        /// Ends those that are free, and those that are given back from now on. A second time does nothing.
        public void make() {
            lock.lock();
            try {
                if (made || over) return;
                made = true;
                waitingForRoom++;
            } finally {
                lock.unlock();
            }
            dropIdle();
        }

        @Override
        public void close() {
            lock.lock();
            try {
                if (made && !over) waitingForRoom--;
                over = true;
            } finally {
                lock.unlock();
            }
        }
    }

    private void endIf(Predicate<Kept> condition) {
        List<Kept> ended = new ArrayList<>();
        lock.lock();
        try {
            idle.removeIf(kept -> {
                boolean end = condition.test(kept);
                if (end) ended.add(kept);
                return end;
            });
        } finally {
            lock.unlock();
        }
        for (var kept : ended) end(kept.store, kept.pinned);
    }

    private void end(Store store, PinnedPaths pinned) {
        open.remove(pinned);
        store.close();
    }

    /// Ends those that are free, and the others when they are given back.
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
