package dispatcher.testkit;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NarHash;
import dispatcher.nix.Nix32;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.wire.NarSummary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/// A store in memory, which keeps a journal of what it was asked and builds as the test says. It refuses an
/// upload whose NAR is not what its path info says, and then has nothing of it.
///
/// Asked by one thread, as all stores; the test may look at it from another.
public final class FakeStore implements Store {
    private static final int HASH_BYTES = 20;

    private final SortedMap<StorePath, Entry> entries = new ConcurrentSkipListMap<>();
    private final Map<StorePath, Entry> substitutable = new ConcurrentHashMap<>();
    private final Set<StorePath> promises = ConcurrentHashMap.newKeySet();
    private final Map<StorePath, String> refusals = new ConcurrentHashMap<>();
    private final Map<StorePath, Integer> brokenNars = new ConcurrentHashMap<>();
    private final List<String> journal = new CopyOnWriteArrayList<>();
    private volatile Builder builder =
            (_, _, _, _) -> BuildResult.of(BuildStatus.MISC_FAILURE, "this fake store has no build to run");
    private volatile boolean closed;

    private record Entry(PathInfo info, ByteString nar) {}

    /// How builds go.
    public interface Builder {
        BuildResult build(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
                throws IOException, InterruptedException;
    }

    /// A path with this name; the same name gives the same path.
    public static StorePath path(String name) {
        var digest = HashAlgorithm.SHA256.newDigest().digest(name.getBytes(StandardCharsets.UTF_8));
        return StorePath.of(Nix32.encode(Arrays.copyOf(digest, HASH_BYTES)), name);
    }

    /// The info of a path whose content is `tree`.
    public static PathInfo info(String name, NarTree tree, StorePath... references) {
        return PathInfo.of(path(name), tree.narHash(), tree.toNar().length, List.of(references));
    }

    /// A path and its NAR, ready to be added.
    public static NarToAdd toAdd(PathInfo info, NarTree tree) {
        return new NarToAdd(info, sink -> {
            var nar = tree.toNar();
            sink.write(nar, 0, nar.length);
            return new NarSummary(tree.narHash(), nar.length);
        });
    }

    /// Puts a path into the store, whatever its info says of the NAR.
    public FakeStore with(PathInfo info, NarTree tree) {
        entries.put(info.path(), new Entry(info, ByteString.wrap(tree.toNar())));
        return this;
    }

    /// Loses a path, as when garbage is collected.
    public void remove(StorePath path) {
        entries.remove(path);
    }

    /// Can be fetched by this store when it is asked to substitute.
    public FakeStore substituting(PathInfo info, NarTree tree) {
        substitutable.put(info.path(), new Entry(info, ByteString.wrap(tree.toNar())));
        return this;
    }

    /// Says that it could fetch a path, and cannot.
    public FakeStore promising(StorePath path) {
        promises.add(path);
        return this;
    }

    /// Refuses whatever concerns this path.
    public FakeStore refusing(StorePath path, String reason) {
        refusals.put(path, reason);
        return this;
    }

    /// Hands out only this many bytes of the NAR of this path, and then fails.
    public FakeStore breakingNar(StorePath path, int afterBytes) {
        brokenNars.put(path, afterBytes);
        return this;
    }

    public FakeStore building(Builder newBuilder) {
        builder = newBuilder;
        return this;
    }

    /// What it was asked, in order: each the name of a method and its arguments.
    public List<String> journal() {
        return journal;
    }

    public boolean isClosed() {
        return closed;
    }

    public SortedSet<StorePath> paths() {
        // By way of a list: a set made straight from a sorted one believes its size, which may be changing.
        return new TreeSet<>(List.copyOf(entries.keySet()));
    }

    /// What it knows of a path that it has.
    public PathInfo info(StorePath path) {
        return entry(path).info();
    }

    public NarTree tree(StorePath path) {
        return NarTree.parse(entry(path).nar().toByteArray());
    }

    private Entry entry(StorePath path) {
        return Optional.ofNullable(entries.get(path)).orElseThrow(() -> new AssertionError("no " + path));
    }

    private void requireAllowed(StorePath path) throws StoreRefusedException {
        var reason = refusals.get(path);
        if (reason != null) throw new StoreRefusedException(reason);
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) throws IOException {
        journal.add("queryValidPaths %s %s".formatted(paths, substitute));
        for (var path : paths) requireAllowed(path);
        if (substitute)
            for (var path : paths)
                Optional.ofNullable(substitutable.get(path)).ifPresent(entry -> entries.putIfAbsent(path, entry));
        var valid = new TreeSet<>(paths);
        valid.retainAll(entries.keySet());
        return valid;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException {
        journal.add("queryPathInfo " + path);
        requireAllowed(path);
        return Optional.ofNullable(entries.get(path)).map(Entry::info);
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths) {
        journal.add("querySubstitutablePaths " + paths);
        var known = new TreeSet<>(paths);
        known.removeIf(path -> !substitutable.containsKey(path) && !promises.contains(path));
        return known;
    }

    @Override
    public void fetchPromised() throws IOException {
        journal.add("fetchPromised");
        for (var path : promises) requireAllowed(path);
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        journal.add("queryAllValidPaths");
        return paths();
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        for (var path : paths) {
            journal.add("addToStore " + path.info().path());
            var nar = new ByteArrayOutputStream();
            requireAllowed(path.info().path());
            path.nar().writeTo(nar).requireSameAs(path.info(), "the client");
            if (!NarHash.of(HashAlgorithm.SHA256.newDigest().digest(nar.toByteArray()))
                    .equals(path.info().narHash()))
                throw new StoreRefusedException("hash mismatch importing path '%s'"
                        .formatted(path.info().path()));
            entries.put(path.info().path(), new Entry(path.info(), ByteString.wrap(nar.toByteArray())));
        }
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink) throws IOException {
        journal.add("narFromPath " + path);
        requireAllowed(path);
        var entry = entries.get(path);
        if (entry == null) throw new StoreRefusedException("path '%s' is not valid".formatted(path));
        var part = brokenNars.get(path);
        if (part != null) {
            sink.write(entry.nar().toByteArray(), 0, part);
            throw new StoreRefusedException("the disk of the fake store is broken");
        }
        entry.nar().writeTo(sink);
        var hash = verify instanceof Verify.ByReceiver(var expected)
                ? expected.narHash()
                : NarTree.parse(entry.nar().toByteArray()).narHash();
        return new NarSummary(hash, entry.nar().length());
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        journal.add("buildDerivation " + drvPath);
        requireAllowed(drvPath);
        return builder.build(drvPath, derivation, options, log);
    }

    @Override
    public void close() {
        closed = true;
    }
}
