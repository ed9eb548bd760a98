package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines hold which paths, as far as has been seen: what was built there, sent there, or found there. A guess,
/// since machines collect garbage without a word; who relies on it asks the machine.
///
/// Bounded: the paths of least use are forgotten first. Safe for any thread. About 200 bytes a path.
public final class Locations {
    private static final Logger log = LoggerFactory.getLogger(Locations.class);
    private static final int MOST = 200_000;
    private static final String HEAD = "dispatcher-locations 1";

    private final Cache<StorePath, SortedSet<String>> machines =
            Caffeine.newBuilder().maximumSize(MOST).build();
    private final AtomicLong changes = new AtomicLong();
    private volatile long saved;

    /// Where `path` may be, in the order of the machines' names.
    public SortedSet<String> of(StorePath path) {
        var known = machines.getIfPresent(path);
        return known == null ? Collections.emptySortedSet() : known;
    }

    public void add(Collection<StorePath> paths, String machine) {
        var alone = Collections.unmodifiableSortedSet(new TreeSet<>(Set.of(machine)));
        for (var path : paths)
            machines.asMap().merge(path, alone, (before, _) -> {
                if (before.contains(machine)) return before;
                var all = new TreeSet<>(before);
                all.add(machine);
                return Collections.unmodifiableSortedSet(all);
            });
        if (!paths.isEmpty()) changes.incrementAndGet();
    }

    /// The machine says that it does not have them, or what it has is of no use.
    public void remove(Collection<StorePath> paths, String machine) {
        for (var path : paths)
            machines.asMap().computeIfPresent(path, (_, before) -> {
                if (!before.contains(machine)) return before;
                var rest = new TreeSet<>(before);
                rest.remove(machine);
                return rest.isEmpty() ? null : Collections.unmodifiableSortedSet(rest);
            });
        if (!paths.isEmpty()) changes.incrementAndGet();
    }

    /// What an earlier process wrote down. A file that is missing, or not to be understood, is as good as an empty one.
    ///
    /// @param known names of the machines that there are now; what is said of others is left out
    public static Locations load(Path file, Set<String> known) {
        var locations = new Locations();
        try (var lines = Files.lines(file)) {
            locations.read(lines.toList(), known);
        } catch (NoSuchFileException e) {
            log.atDebug().log("no {} yet", file);
        } catch (IOException | java.io.UncheckedIOException | NixSyntaxException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.getMessage())
                    .log("locations forgotten");
            return new Locations();
        }
        return locations;
    }

    /// Reads what [#save] writes.
    void read(List<String> lines, Set<String> known) throws IOException {
        if (lines.isEmpty() || !lines.getFirst().equals(HEAD)) throw new IOException("its first line is not " + HEAD);
        for (var line : lines.subList(1, lines.size())) {
            var words = line.split("\t", -1);
            var path = StorePath.parse(words[0]);
            for (int i = 1; i < words.length; i++) if (known.contains(words[i])) add(List.of(path), words[i]);
        }
        saved = changes.get();
    }

    /// Writes all of it to `file`, whole or not at all, if there is anything new. For one thread at a time.
    public void save(Path file) {
        long now = changes.get();
        if (now == saved) return;
        var temporary = file.resolveSibling(file.getFileName() + ".new");
        try {
            Files.createDirectories(temporary.resolveSibling("."));
            try (var out = Files.newBufferedWriter(temporary)) {
                out.write(HEAD + "\n");
                for (var entry : machines.asMap().entrySet())
                    out.write(entry.getKey().baseName() + "\t" + String.join("\t", entry.getValue()) + "\n");
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            saved = now;
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.toString())
                    .log("locations not written down");
        }
    }
}
