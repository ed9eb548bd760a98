package dispatcher.store;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.wire.NarSummary;
import dispatcher.wire.UnreachableException;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/// A conversation whose other end must answer in time: one that is alive and says nothing, or goes on for ever, is
/// closed, and the request fails with an [UnreachableException]. Its sign of life is its answers, not its
/// connection's.
///
/// A question about many paths has a thousandth of the limit more for each. A NAR must make progress, unless it is the
/// receiver that does not take it. An upload has the limit, and a second for every 4 MiB, from when its last byte has
/// been taken. What the store fetches from elsewhere has thirty times the limit. A build has no limit here: its client
/// sets that. A thread of its own waits while there is a request.
public final class TimedStore implements Store {
    private static final int FETCHING = 30;
    private static final int PATHS = 1000;
    private static final long UNPACKED_PER_SECOND = 4 << 20;

    private final Store store;
    private final String peer;
    private final Duration limit;

    /// @param peer who answers, for messages
    public TimedStore(Store store, String peer, Duration limit) {
        this.store = store;
        this.peer = peer;
        this.limit = limit;
    }

    private interface Request<T> {
        T make() throws IOException, InterruptedException;
    }

    private interface Watch {
        /// Returns when the time is over.
        void await() throws InterruptedException;
    }

    private <T> T within(Duration time, Request<T> request) throws IOException, InterruptedException {
        return watched(() -> Thread.sleep(time), request);
    }

    private <T> T watched(Watch watch, Request<T> request) throws IOException, InterruptedException {
        var cut = new AtomicBoolean();
        var clock = Thread.ofVirtual().name("answer of " + peer).start(() -> {
            try {
                watch.await();
            } catch (InterruptedException e) {
                return;
            }
            cut.set(true);
            store.close();
        });
        try {
            return request.make();
        } catch (IOException e) {
            if (!cut.get()) throw e;
            throw new UnreachableException(
                    UnreachableException.Kind.TIMED_OUT,
                    "%s is there, and has not answered within timeouts.reply".formatted(peer),
                    "log in there and see what its Nix daemon is doing",
                    e);
        } finally {
            clock.interrupt();
        }
    }

    private Duration limitOf(Collection<StorePath> paths) {
        return limit.plus(limit.dividedBy(PATHS).multipliedBy(paths.size()));
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        var time = substitute ? limit.multipliedBy(FETCHING) : limit;
        return within(time.plus(limitOf(paths)), () -> store.queryValidPaths(paths, expected, substitute));
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return within(limitOf(paths), () -> store.querySubstitutablePaths(paths));
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return within(limit, () -> store.queryPathInfo(path));
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return within(limitOf(paths), () -> store.queryPathInfos(paths));
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
        return within(limit.multipliedBy(FETCHING), store::queryAllValidPaths);
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        var sent = new Sent(paths.size());
        var watched = paths.stream()
                .map(path -> new NarToAdd(path.info(), sink -> {
                    var summary = path.nar().writeTo(sink);
                    sent.add(summary.size());
                    return summary;
                }))
                .toList();
        watched(sent::awaitAnswerTime, () -> {
            store.addToStore(watched);
            return paths;
        });
    }

    /// What of an upload is on its way or there.
    private final class Sent {
        private final CountDownLatch left;
        private final AtomicLong bytes = new AtomicLong();

        Sent(int paths) {
            this.left = new CountDownLatch(paths);
        }

        void add(long size) {
            bytes.addAndGet(size);
            left.countDown();
        }

        void awaitAnswerTime() throws InterruptedException {
            left.await();
            Thread.sleep(limit.plusSeconds(bytes.get() / UNPACKED_PER_SECOND));
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        var progress = new Progress(sink);
        return watched(progress::awaitStall, () -> store.narFromPath(path, verify, progress));
    }

    /// Notes whether it is the receiver that is waited for, and how much has come.
    private final class Progress extends OutputStream {
        /// Less than this in a limit's time is none.
        private static final long LEAST = 16 * 1024;

        private final OutputStream out;
        private final AtomicLong bytes = new AtomicLong();
        /// Goes up when the receiver begins to take something, and when it has; odd in between.
        private final AtomicLong turns = new AtomicLong();

        Progress(OutputStream out) {
            this.out = out;
        }

        /// Returns when, over a whole limit's time, next to nothing has come although the receiver would have taken
        /// it.
        void awaitStall() throws InterruptedException {
            while (true) {
                long had = bytes.get();
                boolean receiving = isReceiving();
                Thread.sleep(limit);
                if (!receiving && !isReceiving() && bytes.get() - had < LEAST) return;
            }
        }

        private boolean isReceiving() {
            return (turns.get() & 1) == 1;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] chunk, int offset, int length) throws IOException {
            turns.incrementAndGet();
            try {
                out.write(chunk, offset, length);
            } finally {
                turns.incrementAndGet();
            }
            bytes.addAndGet(length);
        }
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return store.buildDerivation(drvPath, derivation, options, log);
    }

    @Override
    public void close() {
        store.close();
    }
}
