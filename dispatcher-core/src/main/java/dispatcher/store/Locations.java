package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines hold which paths, as far as has been seen: what was built there, sent there, or found there. A guess,
/// since machines collect garbage without a word; who relies on it asks the machine.
///
/// Bounded: the paths of least use are forgotten first. Safe for any thread. About 200 bytes a path.
///
/// What was built is also written down at once, at the end of a file, so that a crash forgets none of it; all the rest
/// is written now and then.
public final class Locations {
    private static final Logger log = LoggerFactory.getLogger(Locations.class);
    private static final int MOST = 200_000;
    private static final String HEAD = "dispatcher-locations 1";

    private final Cache<StorePath, SortedSet<String>> machines =
            Caffeine.newBuilder().maximumSize(MOST).build();
    private final AtomicLong changes = new AtomicLong();
    private final @Nullable Path journal;
    private final ReentrantLock writing = new ReentrantLock();

    @GuardedBy("writing")
    private long saved;

    /// Nothing is known, and nothing is written at once.
    public Locations() {
        this(null);
    }

    private Locations(@Nullable Path journal) {
        this.journal = journal;
    }

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

    /// The same for what a machine has built, which is remembered whatever happens.
    public void addBuilt(Collection<StorePath> paths, String machine) {
        add(paths, machine);
        var file = journal;
        if (file == null || paths.isEmpty()) return;
        var lines = new StringBuilder();
        for (var path : paths)
            lines.append(path.baseName()).append('\t').append(machine).append('\n');
        writing.lock();
        try {
            Files.createDirectories(file.resolveSibling("."));
            if (!Files.exists(file)) Files.writeString(file, HEAD + "\n");
            Files.writeString(file, lines, StandardOpenOption.APPEND);
        } catch (IOException e) {
            notWritten(file, e);
        } finally {
            writing.unlock();
        }
    }

    private static void notWritten(Path file, IOException why) {
        log.atWarn()
                .addKeyValue("file", file)
                .addKeyValue("why", why.toString())
                .log("locations not written down");
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

    /// What an earlier process wrote down. A file that is missing, or not to be understood, is as good as an empty one;
    /// a last line that was cut off is left out.
    ///
    /// @param file  where what is built will be written at once
    /// @param known names of the machines that there are now; what is said of others is left out
    public static Locations load(Path file, Set<String> known) {
        var locations = new Locations(file);
        try {
            var text = Files.readString(file);
            locations.read(text.substring(0, text.lastIndexOf('\n') + 1).lines().toList(), known);
            // Else what is written next would be joined to it.
            if (!text.endsWith("\n")) locations.rewrite(file);
        } catch (NoSuchFileException e) {
            log.atDebug().log("no {} yet", file);
        } catch (IOException | NixSyntaxException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .addKeyValue("why", e.getMessage())
                    .log("locations forgotten");
            var empty = new Locations(file);
            empty.rewrite(file);
            return empty;
        }
        return locations;
    }

    private void rewrite(Path file) {
        changes.incrementAndGet();
        save(file);
    }

    /// Reads what [#save] writes.
    void read(List<String> lines, Set<String> known) throws IOException {
        if (lines.isEmpty() || !lines.getFirst().equals(HEAD)) throw new IOException("its first line is not " + HEAD);
        for (var line : lines.subList(1, lines.size())) {
            var words = line.split("\t", -1);
            var path = StorePath.parse(words[0]);
            for (int i = 1; i < words.length; i++) if (known.contains(words[i])) add(List.of(path), words[i]);
        }
        writing.lock();
        try {
            saved = changes.get();
        } finally {
            writing.unlock();
        }
    }

    /// Writes all of it to `file`, whole or not at all, if there is anything new.
    public void save(Path file) {
        var temporary = file.resolveSibling(file.getFileName() + ".new");
        // Held meanwhile, or what is built now would be written into the file that goes.
        writing.lock();
        try {
            long now = changes.get();
            if (now == saved) return;
            Files.createDirectories(temporary.resolveSibling("."));
            try (var out = Files.newBufferedWriter(temporary)) {
                out.write(HEAD + "\n");
                for (var entry : machines.asMap().entrySet())
                    out.write(entry.getKey().baseName() + "\t" + String.join("\t", entry.getValue()) + "\n");
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            saved = now;
        } catch (IOException e) {
            notWritten(file, e);
        } finally {
            writing.unlock();
        }
    }
}
