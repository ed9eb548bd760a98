package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.file.WholeFile;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which machines hold which paths, as far as has been seen: what was built there, sent there, or found there. A
/// guess,
/// since machines collect garbage without a word; who relies on it asks the machine.
///
/// Also what these paths hold ([Fingerprints]), as clients, the host's store and the machines that built them have
/// said.
/// What a machine says of such a path later has to agree.
///
/// Bounded: the paths of least use are forgotten first. Safe for any thread. About 400 bytes a path.
///
/// What was built is also written down at once, at the end of a file, so that a crash forgets none of it; all the rest
/// is written now and then. A line of the file is a path, its fingerprints and the machines.
public final class Locations {
    private static final Logger log = LoggerFactory.getLogger(Locations.class);
    private static final int MOST = 200_000;
    private static final String HEAD = "dispatcher-locations 2";

    /// Without fingerprints.
    private static final String OLD_HEAD = "dispatcher-locations 1";

    private final Cache<StorePath, SortedSet<String>> machines =
            Caffeine.newBuilder().maximumSize(MOST).build();
    private final Fingerprints contents = new Fingerprints(MOST);
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

    /// The same for what a machine has built, which is remembered whatever happens, with what it holds.
    ///
    /// @param infos as the machine that built them has told them
    public void addBuilt(Collection<PathInfo> infos, String machine) {
        addContents(infos);
        add(infos.stream().map(PathInfo::path).toList(), machine);
        var file = journal;
        if (file == null || infos.isEmpty()) return;
        var lines = new StringBuilder();
        for (var info : infos) lines.append(line(info.path(), List.of(machine)));
        writing.lock();
        try {
            Files.createDirectories(file.resolveSibling("."));
            if (!Files.exists(file)) Files.writeString(file, HEAD + "\n");
            Files.writeString(file, lines, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            notWritten(file, e);
        } finally {
            writing.unlock();
        }
    }

    /// Remembers what paths hold, wherever they are.
    ///
    /// @param infos from somebody who is believed
    public void addContents(Collection<PathInfo> infos) {
        boolean changed = false;
        for (var info : infos) changed |= contents.add(info);
        if (changed) changes.incrementAndGet();
    }

    /// What is known of what paths hold.
    public Fingerprints contents() {
        return contents;
    }

    private String line(StorePath path, Collection<String> names) {
        var known = contents.of(path).stream().map(Fingerprint::toString).collect(Collectors.joining(","));
        return path.baseName() + "\t" + known + "\t" + String.join("\t", names) + "\n";
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

    /// What an earlier process wrote down. A file that is missing, or not to be understood, is as good as an empty
    /// one;
    /// a last line that was cut off is left out.
    ///
    /// @param file  where what is built will be written at once
    /// @param known names of the machines that there are now; what is said of others is left out
    public static Locations load(Path file, Set<String> known) {
        var locations = new Locations(file);
        try {
            var text = Files.readString(file);
            locations.read(text.substring(0, text.lastIndexOf('\n') + 1).lines().toList(), known);
            // Else what is written next would be joined to it, or taken for lines of the old form.
            if (!text.endsWith("\n") || !text.startsWith(HEAD)) locations.rewrite(file);
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
        var head = lines.isEmpty() ? "" : lines.getFirst();
        if (!head.equals(HEAD) && !head.equals(OLD_HEAD)) throw new IOException("its first line is not " + HEAD);
        int firstName = head.equals(HEAD) ? 2 : 1;
        for (var line : lines.subList(1, lines.size())) {
            var words = List.of(line.split("\t", -1));
            var path = StorePath.parse(words.getFirst());
            var names = words.stream().skip(firstName).filter(known::contains).toList();
            if (names.isEmpty()) continue;
            if (firstName == 2) readContents(path, words.get(1));
            for (var name : names) add(List.of(path), name);
        }
        writing.lock();
        try {
            saved = changes.get();
        } finally {
            writing.unlock();
        }
    }

    private void readContents(StorePath path, String fingerprints) {
        if (fingerprints.isEmpty()) return;
        for (var fingerprint : fingerprints.split(",", -1)) contents.add(path, Fingerprint.parse(fingerprint));
    }

    /// Writes all of it to `file`, whole or not at all, if there is anything new.
    public void save(Path file) {
        // Held meanwhile, or what is built now would be written into the file that goes.
        writing.lock();
        try {
            long now = changes.get();
            if (now == saved) return;
            WholeFile.write(file, out -> {
                out.write(HEAD + "\n");
                for (var entry : machines.asMap().entrySet()) out.write(line(entry.getKey(), entry.getValue()));
            });
            saved = now;
        } catch (IOException e) {
            notWritten(file, e);
        } finally {
            writing.unlock();
        }
    }
}
