package dispatcher.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.wire.Interruption;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Open conversations with one store, kept for the next who needs one, since opening one costs a process over there
/// and
/// perhaps a login.
///
/// A store pins what it was sent until the conversation ends, so none is kept for ever. A conversation that a request
/// broke off in is of no use to anybody and never comes back into the pool. Safe for any thread; the lock is never
/// held
/// while a conversation is opened or closed.
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

    /// What the conversations that are open keep, whoever has them.
    private final Set<KnownPaths> open = ConcurrentHashMap.newKeySet();

    @GuardedBy("lock")
    private final Deque<Kept> idle = new ArrayDeque<>();

    /// How often [#renew] was called.
    @GuardedBy("lock")
    private long generation;

    @GuardedBy("lock")
    private boolean closed;

    public StorePool(Opener opener, LongSupplier nanoTime) {
        this.opener = opener;
        this.nanoTime = nanoTime;
    }

    private record Kept(Store store, KnownPaths known, long openedAt, long generation, long idleSince) {}

    /// A conversation of one's own until it is given back or dropped, whichever comes first. Confined to one thread.
    public final class Lease {
        private final WatchedStore store;
        private final long openedAt;
        private final long bornIn;
        private final boolean reused;
        private boolean over;

        private Lease(Store store, KnownPaths known, long openedAt, long bornIn, boolean reused) {
            this.store = new WatchedStore(store, known);
            this.openedAt = openedAt;
            this.bornIn = bornIn;
            this.reused = reused;
        }

        public Store store() {
            return store;
        }

        /// Whether somebody used it before, and nothing has been heard since: the far end may have gone without a
        /// word.
        public boolean isInDoubt() {
            return reused && !store.heard;
        }

        /// Whether somebody used it before: the far end may have begun it with other settings than it has now.
        public boolean isReused() {
            return reused;
        }

        /// Whether a call on it broke off: nobody knows what the far end will say next.
        public boolean isBrokenOff() {
            return store.brokenOff;
        }

        /// Gives it back. It is kept for others unless it is too old or a call on it broke off.
        public void release() {
            if (over) return;
            over = true;
            if (store.brokenOff || !keep()) end(store.store, store.known);
        }

        private boolean keep() {
            long now = nanoTime.getAsLong();
            if (now - openedAt >= MAX_AGE.toNanos()) return false;
            lock.lock();
            try {
                if (closed || bornIn != generation) return false;
                idle.addFirst(new Kept(store.store, store.known, openedAt, bornIn, now));
                return true;
            } finally {
                lock.unlock();
            }
        }

        /// Ends it.
        public void drop() {
            if (over) return;
            over = true;
            end(store.store, store.known);
        }
    }

    /// Whether the store has said to have a path, or got it, in another conversation that is open still: then it keeps
    /// it, and cannot have lost it.
    public boolean keepsElsewhere(StorePath path, Lease than) {
        return open.stream().anyMatch(known -> known != than.store.known && known.paths.contains(path));
    }

    /// A request to a store.
    public interface Question<T> {
        T ask(Lease lease) throws IOException, InterruptedException;
    }

    /// A conversation, and the answer to the first question on it.
    public record Opened<T>(Lease lease, T answer) {}

    /// A conversation in which `first` has been answered: the one used last of those that are free, or a new one. One
    /// that was free may have died unnoticed; then `first` is asked again in a new one, so it must bear that.
    ///
    /// @throws StoreRefusedException if the store says no to the question
    /// @throws SourceFailedException if the question does
    /// @throws IOException           if no conversation can be opened, or a new one breaks
    public <T> Opened<T> lease(Question<T> first) throws IOException, InterruptedException {
        var kept = takeIdle();
        if (kept != null) {
            try {
                return ask(new Lease(kept.store, kept.known, kept.openedAt, kept.generation, true), first);
            } catch (StoreRefusedException | SourceFailedException e) {
                throw e;
            } catch (IOException e) {
                Interruption.rethrow(e);
                dropIdle();
            }
        }
        long bornIn = generation();
        var store = opener.open();
        var known = new KnownPaths();
        open.add(known);
        return ask(new Lease(store, known, nanoTime.getAsLong(), bornIn, false), first);
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

    /// Ends what has been free for too long. Called now and then by whoever owns the pool.
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
        for (var kept : ended) end(kept.store, kept.known);
    }

    private void end(Store store, KnownPaths known) {
        open.remove(known);
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

    /// What the store has and keeps as long as the conversation lasts, so that it need not be asked again. Changed by
    /// one thread at a time, and read by others.
    private static final class KnownPaths {
        /// About 100 bytes each, since the paths themselves are known to others too.
        private static final int MOST = 50_000;

        private final Set<StorePath> paths = ConcurrentHashMap.newKeySet();

        void add(Collection<StorePath> more) {
            if (paths.size() + more.size() > MOST) paths.clear();
            if (more.size() <= MOST) paths.addAll(more);
        }
    }

    /// Notes when a request breaks off: then nobody knows what the far end will say next, or whether it still listens.
    /// What the store has said to have, it is not asked for again; when it refuses anything, all that is forgotten.
    private static final class WatchedStore implements Store {
        private final Store store;
        private final KnownPaths known;
        private boolean brokenOff;
        private boolean heard;

        WatchedStore(Store store, KnownPaths known) {
            this.store = store;
            this.known = known;
        }

        private interface Request<T> {
            T make() throws IOException, InterruptedException;
        }

        private <T> T watch(Request<T> request) throws IOException, InterruptedException {
            boolean answered = false;
            try {
                var answer = request.make();
                answered = true;
                return answer;
            } catch (StoreRefusedException e) {
                answered = true;
                known.paths.clear();
                throw e;
            } finally {
                if (answered) heard = true;
                else brokenOff = true;
            }
        }

        @Override
        public SortedSet<StorePath> queryValidPaths(
                Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
                throws IOException, InterruptedException {
            var valid = new TreeSet<StorePath>();
            var unknown = new TreeSet<StorePath>();
            for (var path : paths) (known.paths.contains(path) ? valid : unknown).add(path);
            if (unknown.isEmpty()) return valid;
            var found = watch(() -> store.queryValidPaths(unknown, expected, substitute));
            known.add(found);
            valid.addAll(found);
            return valid;
        }

        @Override
        public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
                throws IOException, InterruptedException {
            return watch(() -> store.querySubstitutablePaths(paths));
        }

        @Override
        public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
            return watch(() -> store.queryPathInfo(path));
        }

        @Override
        public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
                throws IOException, InterruptedException {
            return watch(() -> store.queryPathInfos(paths));
        }

        @Override
        public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
            return watch(store::queryAllValidPaths);
        }

        @Override
        public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
            watch(() -> {
                store.addToStore(paths);
                return paths;
            });
            known.add(paths.stream().map(path -> path.info().path()).toList());
        }

        @Override
        public NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException {
            return watchNar(sink, noted -> store.narFromPath(path, noted));
        }

        @Override
        public long passNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
            return watchNar(sink, noted -> store.passNar(info, noted));
        }

        private interface NarRequest<T> {
            T make(OutputStream sink) throws IOException, InterruptedException;
        }

        /// A refusal after the first byte comes from the receiver of the NAR, and leaves the rest of it unread.
        private <T> T watchNar(OutputStream sink, NarRequest<T> request) throws IOException, InterruptedException {
            var noted = new NotedSink(sink);
            try {
                return watch(() -> request.make(noted));
            } catch (StoreRefusedException e) {
                brokenOff |= noted.begun;
                throw e;
            }
        }

        @Override
        public BuildResult buildDerivation(
                StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
                throws IOException, InterruptedException {
            return watch(() -> store.buildDerivation(drvPath, derivation, options, log));
        }

        @Override
        public void close() {
            store.close();
        }
    }

    private static final class NotedSink extends OutputStream {
        private final OutputStream out;
        private boolean begun;

        NotedSink(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            begun = true;
            out.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            begun = true;
            out.write(bytes, offset, length);
        }
    }
}
