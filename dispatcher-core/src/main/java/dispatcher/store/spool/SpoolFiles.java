package dispatcher.store.spool;

import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where a spool's files lie.
///
/// ```
/// lock                                      the process that has the spool open
/// info/<base name>.narinfo                  a path; its time of modification is that of the last use
/// nar/<2 digits>/<52 digits of hash>.nar    one for all paths with that NAR
/// tmp/                                      what is being written; emptied when the spool is opened
/// bad/                                      infos that could not be read, kept for inspection
/// ```
/// A path counts from the moment its info gets its name, before which its NAR got its own. So whatever stops the
/// process, a path is there as a whole or not at all. Nothing is forced to the disk: what a power failure spoils
/// is found by its size when the spool is opened, or by its CRC when it is read, and then goes.
final class SpoolFiles {
    private static final Logger log = LoggerFactory.getLogger(SpoolFiles.class);
    private static final long FULL = 64 * 1024;
    private static final int READ_AT_ONCE = 1000;
    private static final long MOST_AT_ONCE = 8 << 20;
    private static final String INFO_SUFFIX = ".narinfo";
    private static final String NAR_SUFFIX = ".nar";

    private final Path root;
    private final StoreDir storeDir;
    private final AtomicLong temporaries = new AtomicLong();

    /// Unlike that of any spool before, which may still be deleting what it left.
    private final String prefix = ProcessHandle.current().pid() + "-" + System.nanoTime() + "-";

    /// Makes the directories that are missing, closed to other users.
    SpoolFiles(Path root, StoreDir storeDir) throws IOException {
        this.root = root;
        this.storeDir = storeDir;
        Files.createDirectories(
                root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        for (var name : List.of("info", "nar", "tmp", "bad")) Files.createDirectories(root.resolve(name));
    }

    Path root() {
        return root;
    }

    StoreDir storeDir() {
        return storeDir;
    }

    Path newTemporary() {
        return root.resolve("tmp", prefix + temporaries.incrementAndGet());
    }

    Path infoFile(StorePath path) {
        return root.resolve("info", path.baseName() + INFO_SUFFIX);
    }

    Path narFile(NarHash hash) {
        return root.resolve(narName(hash));
    }

    private static String narName(NarHash hash) {
        var digits = hash.nix32();
        return "nar/" + digits.substring(0, 2) + "/" + digits + NAR_SUFFIX;
    }

    /// Deletes a file that nothing refers to any more, if it is there.
    void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.atWarn().addKeyValue("file", file).setCause(e).log("cannot delete a file of the spool");
        }
    }

    /// Whether a write failed because the disk has no room. The message is in the language of the system, so
    /// without it the disk itself is asked.
    boolean isFull(IOException e) {
        var message = String.valueOf(e.getMessage());
        if (message.contains("No space left on device") || message.contains("quota exceeded")) return true;
        try {
            return Files.getFileStore(root).getUsableSpace() < FULL;
        } catch (IOException unknown) {
            return false;
        }
    }

    /// Gives a finished NAR its name.
    void publishNar(Path temporary, NarHash hash) throws IOException {
        var target = narFile(hash);
        Files.createDirectories(target.resolveSibling("."));
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Makes the path count, its NAR being there.
    void publishInfo(NarInfoFile found, Instant now) throws IOException {
        var info = found.info();
        var temporary = newTemporary();
        try {
            Files.writeString(temporary, found.print(narName(info.narHash()), storeDir));
            Files.setLastModifiedTime(temporary, FileTime.from(now));
            Files.move(temporary, infoFile(info.path()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            delete(temporary);
        }
    }

    /// Writes down when a path was used last.
    void saveUse(StorePath path, Instant now) {
        try {
            Files.setLastModifiedTime(infoFile(path), FileTime.from(now));
        } catch (NoSuchFileException e) {
            // It went meanwhile.
        } catch (IOException e) {
            log.atDebug().addKeyValue("path", path).setCause(e).log("last use not written down");
        }
    }

    /// Reads what is there into an empty index, used in the order of the infos' times. Removes what no crash
    /// should leave behind: temporary files, infos without a whole NAR and NARs without an info. What does not
    /// fit into the index goes too, or else it would never start again.
    ///
    /// @param nobody the owner that they get
    void load(SpoolIndex index, SpoolOwner nobody) throws IOException {
        forEachIn(root.resolve("tmp"), this::delete);
        var nars = listNars();
        var uses = new ArrayList<Use>();
        long tooMany = 0;
        try (var infos = Files.newDirectoryStream(root.resolve("info"))) {
            for (var rest = infos.iterator(); rest.hasNext(); ) {
                for (var found : readSome(rest, nars)) {
                    if (put(found, index, nobody))
                        uses.add(new Use(found.content.info().path(), found.lastUse));
                    else tooMany++;
                }
            }
        }
        if (tooMany > 0)
            log.atWarn()
                    .addKeyValue("paths", tooMany)
                    .addKeyValue("indexBytes", index.limits().indexBytes())
                    .log("the spool has more paths than fit into memory, dropped some");
        uses.sort(Comparator.comparing(Use::time));
        for (var use : uses) index.touch(use.path, use.time);
        for (var hash : nars.keySet()) if (!index.hasNar(hash)) Files.deleteIfExists(narFile(hash));
    }

    private boolean put(Found found, SpoolIndex index, SpoolOwner nobody) {
        long weight = found.content.largestWeight();
        if (!index.hasIndexRoom(weight)) {
            delete(infoFile(found.content.info().path()));
            return false;
        }
        index.put(found.content, found.lastUse, nobody);
        return true;
    }

    /// Reads the next few infos, on all processors if there are many; few, so that little waits in memory.
    private List<Found> readSome(Iterator<Path> rest, Map<NarHash, Long> nars) throws IOException {
        var files = new ArrayList<Path>();
        long bytes = 0;
        while (rest.hasNext() && files.size() < READ_AT_ONCE && bytes < MOST_AT_ONCE) {
            var file = rest.next();
            files.add(file);
            bytes += Math.min(size(file), NarInfoFile.MOST_BYTES);
        }
        var stream = files.size() < READ_AT_ONCE ? files.stream() : files.parallelStream();
        try {
            return stream.flatMap(file -> read(file, nars).stream()).toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// 0 if that cannot be known; a reader of the file finds it out.
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    private record Use(StorePath path, Instant time) {}

    private record Found(NarInfoFile content, Instant lastUse) {}

    private Map<NarHash, Long> listNars() throws IOException {
        var sizes = new HashMap<NarHash, Long>();
        forEachIn(root.resolve("nar"), directory -> {
            if (Files.isDirectory(directory)) forEachIn(directory, file -> addNar(file, sizes));
        });
        return sizes;
    }

    private void addNar(Path file, Map<NarHash, Long> sizes) throws IOException {
        var name = file.getFileName().toString();
        try {
            var hash = NarHash.parse(name.substring(0, Math.max(0, name.length() - NAR_SUFFIX.length())));
            if (file.equals(narFile(hash))) sizes.put(hash, Files.size(file));
        } catch (NixSyntaxException e) {
            log.atWarn().addKeyValue("file", file).log("not a file of the spool, left alone");
        }
    }

    private Optional<Found> read(Path file, Map<NarHash, Long> nars) {
        try {
            return readInfo(file, nars);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Found> readInfo(Path file, Map<NarHash, Long> nars) throws IOException {
        NarInfoFile content;
        try {
            if (Files.size(file) > NarInfoFile.MOST_BYTES) return dropped(file);
            content = NarInfoFile.parse(Files.readString(file), storeDir);
            if (!file.equals(infoFile(content.info().path())))
                throw NixSyntaxException.of(
                        "narinfo file", content.info().path().baseName(), "its name is another");
        } catch (NixSyntaxException | IOException e) {
            var kept = root.resolve("bad", file.getFileName().toString());
            Files.move(file, kept, StandardCopyOption.REPLACE_EXISTING);
            log.atWarn()
                    .addKeyValue("file", kept)
                    .addKeyValue("why", e.getMessage())
                    .log("bad path info set aside");
            return Optional.empty();
        }
        var info = content.info();
        var size = nars.get(info.narHash());
        if (size == null || size != info.narSize()) {
            Files.delete(file);
            log.atWarn()
                    .addKeyValue("path", info.path())
                    .addKeyValue("expected", info.narSize())
                    .addKeyValue("found", size)
                    .log("NAR missing or cut off, path dropped");
            return Optional.empty();
        }
        return Optional.of(new Found(content, Files.getLastModifiedTime(file).toInstant()));
    }

    /// The file that an earlier version took from a client is of no use.
    private Optional<Found> dropped(Path file) throws IOException {
        log.atWarn()
                .addKeyValue("file", file)
                .addKeyValue("bytes", Files.size(file))
                .log("path info is too large, path dropped");
        Files.delete(file);
        return Optional.empty();
    }

    private interface FileAction {
        void accept(Path file) throws IOException;
    }

    private static void forEachIn(Path directory, FileAction action) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (var file : files) action.accept(file);
        }
    }
}
