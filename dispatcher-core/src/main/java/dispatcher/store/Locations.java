package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.state.Unsaved;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines hold which paths, as far as has been seen: what was built there, sent there, or found there. A
/// guess, since machines collect garbage without notice; a caller that relies on it asks the machine.
///
/// Also what these paths hold ([Fingerprints]), as clients, the host's store and the machines that built them
/// have said. What a machine says of such a path later has to agree.
///
/// Bounded: the paths of least use are forgotten first. Safe for any thread. About 400 bytes a path.
///
/// What was built is also written to its [LocationStore] at once, so that a crash forgets none of it; all the
/// rest is written now and then.
public final class Locations {
    private static final Logger log = LoggerFactory.getLogger(Locations.class);
    private static final int MOST_PATHS = 200_000;

    /// How many are written in one go, during which nothing that is built can be written.
    private static final int CHUNK = 2_000;

    private final Unsaved<StorePath> unsaved = new Unsaved<>(MOST_PATHS);
    private final Cache<StorePath, SortedSet<String>> machines = Caffeine.newBuilder()
            .maximumSize(MOST_PATHS)
            .<StorePath, SortedSet<String>>evictionListener((path, _, _) -> evicted(path))
            .build();
    private final Fingerprints contents = new Fingerprints(MOST_PATHS);
    private final LocationStore store;

    /// Held while something is written down: otherwise an older state of a path could be written after a newer one.
    private final ReentrantLock writing = new ReentrantLock();

    /// Nothing is known, and nothing is written down.
    public Locations() {
        this(LocationStore.NONE);
    }

    private Locations(LocationStore store) {
        this.store = store;
    }

    /// A path of least use is forgotten, where it is written down too.
    private void evicted(@Nullable StorePath path) {
        if (path != null) unsaved.add(path);
    }

    /// Where `path` may be, in the order of the machines' names.
    public SortedSet<String> of(StorePath path) {
        var known = machines.getIfPresent(path);
        return known == null ? Collections.emptySortedSet() : known;
    }

    public void add(Collection<StorePath> paths, String machine) {
        var alone = Collections.unmodifiableSortedSet(new TreeSet<>(Set.of(machine)));
        var news = new ArrayList<StorePath>();
        for (var path : paths)
            machines.asMap().compute(path, (_, before) -> {
                if (before != null && before.contains(machine)) return before;
                news.add(path);
                return before == null ? alone : plus(before, machine);
            });
        unsaved.addAll(news);
    }

    private static SortedSet<String> plus(SortedSet<String> before, String machine) {
        var all = new TreeSet<>(before);
        all.add(machine);
        return Collections.unmodifiableSortedSet(all);
    }

    /// The same for what a machine has built: this is always remembered, with what it holds.
    ///
    /// @param infos as reported by the machine that built them
    public void addBuilt(Collection<PathInfo> infos, String machine) {
        addContents(infos);
        var paths = infos.stream().map(PathInfo::path).toList();
        add(paths, machine);
        unsaved.remove(paths);
        if (!paths.isEmpty() && !write(paths)) unsaved.addAll(paths);
    }

    /// Remembers what paths hold, wherever they are.
    ///
    /// @param infos from a trusted source
    public void addContents(Collection<PathInfo> infos) {
        for (var info : infos) if (contents.add(info)) unsaved.add(info.path());
    }

    /// What is known of what paths hold.
    public Fingerprints contents() {
        return contents;
    }

    /// The machine says that it does not have them, or what it has is of no use.
    public void remove(Collection<StorePath> paths, String machine) {
        var changed = new ArrayList<StorePath>();
        for (var path : paths)
            machines.asMap().computeIfPresent(path, (_, before) -> {
                if (!before.contains(machine)) return before;
                changed.add(path);
                var rest = new TreeSet<>(before);
                rest.remove(machine);
                return rest.isEmpty() ? null : Collections.unmodifiableSortedSet(rest);
            });
        unsaved.addAll(changed);
    }

    /// What an earlier process wrote down. If that cannot be read, the log says so, and it is learned again.
    ///
    /// @param store where all is written down from now on
    /// @param known names of the machines that there are now; what is said of others is left out
    public static Locations load(LocationStore store, Set<String> known) {
        var locations = new Locations(store);
        try {
            store.load(path -> locations.restore(path, known));
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("locations forgotten");
        }
        return locations;
    }

    private void restore(LocationStore.KnownPath known, Set<String> present) {
        var names = new TreeSet<>(known.machines());
        if (names.retainAll(present)) unsaved.add(known.path());
        if (names.isEmpty()) return;
        for (var content : known.contents()) contents.add(known.path(), content);
        machines.put(known.path(), Collections.unmodifiableSortedSet(names));
    }

    /// Writes down what has changed since the last time, if anything has. If that cannot be written, the log says
    /// so, and the next time it is tried again.
    public void save() {
        machines.cleanUp();
        var batch = unsaved.take();
        if (batch.all()) {
            if (!write(() -> store.replaceAll(known(machines.asMap().keySet())))) unsaved.putBack(batch);
            return;
        }
        // In the order of the table: otherwise each chunk would change all of it.
        var paths = batch.keys().stream().sorted().toList();
        for (int from = 0; from < paths.size(); from += CHUNK)
            if (!write(paths.subList(from, Math.min(from + CHUNK, paths.size())))) {
                unsaved.addAll(paths.subList(from, paths.size()));
                return;
            }
    }

    /// Writes down what is known of these now.
    private boolean write(List<StorePath> paths) {
        return write(() -> store.save(known(paths)));
    }

    /// False if it cannot be done, which the log says.
    private boolean write(Writing work) {
        writing.lock();
        try {
            work.run();
            return true;
        } catch (IOException e) {
            log.atWarn().addKeyValue("why", e.getMessage()).log("locations not written down");
            return false;
        } finally {
            writing.unlock();
        }
    }

    private interface Writing {
        void run() throws IOException;
    }

    private List<LocationStore.KnownPath> known(Collection<StorePath> paths) {
        return paths.stream()
                .map(path -> new LocationStore.KnownPath(path, of(path), contents.of(path)))
                .toList();
    }
}
