package dispatcher.store;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Notes when a request breaks off: then nobody knows what the far end will say next, or whether it still listens.
/// What the store has said to have, it is not asked for again; when it refuses anything, all that is forgotten. Counts
/// what the store pins for it.
final class WatchedStore implements Store {
    private final Store store;
    private final PinnedPaths pinned;
    private final Runnable onAnswer;
    private boolean brokenOff;
    private boolean heard;

    WatchedStore(Store store, PinnedPaths pinned, Runnable onAnswer) {
        this.store = store;
        this.pinned = pinned;
        this.onAnswer = onAnswer;
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
            pinned.forget();
            throw e;
        } finally {
            if (answered) {
                heard = true;
                onAnswer.run();
            } else {
                brokenOff = true;
            }
        }
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        var valid = new TreeSet<StorePath>();
        var unknown = new TreeSet<StorePath>();
        for (var path : paths) (pinned.has(path) ? valid : unknown).add(path);
        if (unknown.isEmpty()) return valid;
        var found = watch(() -> store.queryValidPaths(unknown, expected, substitute));
        pinned.add(found);
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
        var info = watch(() -> store.queryPathInfo(path));
        pinned.told(info.stream().toList());
        return info;
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var infos = watch(() -> store.queryPathInfos(paths));
        pinned.told(infos.values());
        return infos;
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
        pinned.added(paths.stream().map(NarToAdd::info).toList());
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        var noted = new NotedSink(sink);
        try {
            return watch(() -> store.narFromPath(path, verify, noted));
        } catch (StoreRefusedException e) {
            // After the first byte, it comes from the receiver of the NAR, and leaves the rest of it unread.
            brokenOff |= noted.begun;
            throw e;
        }
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        pinned.builds(derivation);
        var result = watch(() -> store.buildDerivation(drvPath, derivation, options, log));
        pinned.built(result);
        return result;
    }

    /// Whether a call broke off: nobody knows what the far end will say next.
    boolean isBrokenOff() {
        return brokenOff;
    }

    /// Whether the far end has answered anything.
    boolean isHeard() {
        return heard;
    }

    @Override
    public void close() {
        store.close();
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
