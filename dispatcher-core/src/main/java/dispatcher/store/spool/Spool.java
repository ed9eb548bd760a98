package dispatcher.store.spool;

import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.SpoolIndex.Nar;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// NARs of paths that clients uploaded, on disk and bounded in size: those used longest ago go first, those that
/// are pinned stay. Equal NARs are kept once.
///
/// One for a directory, which a lock file sees to. Safe for any thread. What it tells of a path comes from memory,
/// about 600 bytes a path. The limit counts NARs, whole ones and those on their way, not the small files beside
/// them.
public final class Spool implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Spool.class);
    private static final int CHUNK = 128 * 1024;

    private final SpoolLock lock;
    private final SpoolFiles files;
    private final SpoolContents contents;

    private Spool(SpoolLock lock, SpoolFiles files, SpoolContents contents) {
        this.lock = lock;
        this.files = files;
        this.contents = contents;
    }

    /// Opens the spool in `dir`, which is made if missing, and cleans up after a crash.
    ///
    /// @param maxBytes of NARs; what is there beyond it goes at once
    /// @throws IOException if another process has it open, or the directory cannot be used; says what to do
    public static Spool open(Path dir, StoreDir storeDir, long maxBytes) throws IOException {
        return open(dir, storeDir, maxBytes, InstantSource.system());
    }

    static Spool open(Path dir, StoreDir storeDir, long maxBytes, InstantSource clock) throws IOException {
        if (maxBytes <= 0) throw new IllegalArgumentException("a spool of %d bytes holds nothing".formatted(maxBytes));
        SpoolFiles files;
        SpoolLock lock;
        try {
            files = new SpoolFiles(dir, storeDir);
            lock = SpoolLock.take(dir);
        } catch (FileSystemException e) {
            throw unusable(dir, e);
        }
        try {
            return new Spool(lock, files, new SpoolContents(files, maxBytes, clock));
        } catch (IOException e) {
            lock.close();
            throw unusable(dir, e);
        }
    }

    private static IOException unusable(Path dir, IOException e) {
        return new IOException(
                "cannot use %s as the spool: %s (%s): make it a directory that this user may write to, or set another spool.path in the settings"
                        .formatted(dir, e.getMessage(), e.getClass().getSimpleName()),
                e);
    }

    /// What is known of a path; its registration time is not kept. Counts as a use.
    public Optional<PathInfo> info(StorePath path) {
        return contents.info(path);
    }

    /// All that it has.
    public SortedSet<StorePath> paths() {
        return contents.paths();
    }

    /// Which of `paths` it has. To be sure that they stay, pin first and ask then.
    public SortedSet<StorePath> contained(Collection<StorePath> paths) {
        return contents.contained(paths);
    }

    public SpoolStatus status() {
        return contents.status();
    }

    /// All that it has, in the order in which it would go: first what was used longest ago, last what is pinned.
    public List<SpoolEntry> entries() {
        return contents.entries();
    }

    /// Keeps `paths` from being evicted until the pin is closed: those that are there, and the others once they
    /// come. Counts as a use.
    public Pin pin(Collection<StorePath> paths) {
        return new Pin(List.copyOf(paths));
    }

    /// Keeps paths in the spool until it is closed; each pin counts for itself. Safe for any thread.
    public final class Pin implements AutoCloseable {
        private final List<StorePath> paths;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Pin(List<StorePath> paths) {
            this.paths = paths;
            contents.pin(paths);
        }

        @Override
        public void close() {
            if (!closed.getAndSet(true)) contents.unpin(paths);
        }
    }

    /// Takes a path: all of it, or nothing if this throws. What is there already is kept as it is, though the NAR
    /// is read to its end all the same. The sink that `nar` gets throws what this method is to throw, so it must
    /// let that through.
    ///
    /// @param info with the hash of the NAR, and its size if that is known; a content address is not checked
    /// @throws ProtocolException     if the NAR is not what `info` says
    /// @throws StoreRefusedException if there is no room, perhaps only found in the middle of the NAR
    public void add(PathInfo info, NarSource nar) throws IOException, InterruptedException {
        try {
            info.signatures().forEach(NarInfoFile::requireOneLine);
        } catch (NixSyntaxException e) {
            throw new ProtocolException("the path info of %s is wrong: %s".formatted(info.path(), e.getMessage()), e);
        }
        var itself = List.of(info.path());
        contents.pin(itself);
        try (var upload = new SpoolUpload(contents, files, info)) {
            upload.receive(nar);
        } finally {
            contents.unpin(itself);
        }
    }

    /// Writes the NAR of a path to `sink`, which it neither flushes nor closes.
    ///
    /// What is read is checked by its size and the CRC-32C that it had when its hash was found right: that finds
    /// what a disk spoils at a twentieth of the cost of the hash or less, and whoever receives the NAR hashes it
    /// anyway.
    ///
    /// @throws StoreRefusedException if the path is not there; nothing was written
    /// @throws IOException           if the NAR was damaged on disk; all paths with it are dropped then
    public long copyNar(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var nar = contents.use(path).orElseThrow(() -> absent(path));
        var crc32c = new CRC32C();
        long size;
        try (var in = open(path, nar)) {
            size = copy(in, sink, nar.size(), crc32c);
        }
        if (size == nar.size() && (int) crc32c.getValue() == nar.crc32c()) return size;
        drop(nar);
        throw new IOException(
                "the NAR of %s in the spool at %s was damaged on disk (%d of %d bytes, CRC-32C %08x instead of %08x) and is dropped: check that disk"
                        .formatted(path, files.root(), size, nar.size(), crc32c.getValue(), nar.crc32c()));
    }

    private InputStream open(StorePath path, Nar nar) throws IOException, InterruptedException {
        try {
            return Files.newInputStream(files.narFile(nar.hash()));
        } catch (NoSuchFileException e) {
            drop(nar);
            throw absent(path);
        }
    }

    private static long copy(InputStream in, OutputStream sink, long expected, Checksum checksum) throws IOException {
        var buffer = new byte[(int) Math.min(CHUNK, expected + 1)];
        long size = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            checksum.update(buffer, 0, n);
            sink.write(buffer, 0, n);
            size += n;
        }
        return size;
    }

    private StoreRefusedException absent(StorePath path) {
        return new StoreRefusedException(
                "path '%s' is not in the spool at %s, or no longer".formatted(path, files.root()));
    }

    private void drop(Nar nar) throws InterruptedException {
        for (var path : contents.drop(nar))
            log.atWarn()
                    .addKeyValue("path", path)
                    .addKeyValue("spool", files.root())
                    .log("damaged NAR dropped");
    }

    /// Lets paths go, those used longest ago first, until what is left has at most `targetBytes` or is pinned.
    public Trimmed trim(long targetBytes) {
        return contents.shrinkTo(targetBytes);
    }

    /// Waits for files that are just being named or deleted. What is on its way in is refused when it has come.
    @Override
    public void close() {
        contents.close();
        lock.close();
    }
}
