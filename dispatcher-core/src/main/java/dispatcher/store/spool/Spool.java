package dispatcher.store.spool;

import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.StoreReader;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.spool.SpoolNode.Nar;
import dispatcher.wire.NarSummary;
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
import java.util.function.Predicate;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// NARs of paths that clients uploaded, on disk and bounded in size: those used longest ago go first, those that
/// are pinned stay. Equal NARs are kept once.
///
/// One for a directory, which a lock file ensures. Safe for any thread. Answers about paths come from memory, about
/// 800 bytes a path. One limit counts NARs, whole ones and those on their way. Another one counts that memory, and
/// with it the small files beside the NARs. Each client has a share of either.
public final class Spool implements StoreReader, AutoCloseable {
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
    /// @param limits what is there beyond them goes at once
    /// @throws IOException if another process has it open, or the directory cannot be used; says what to do
    public static Spool open(Path dir, StoreDir storeDir, SpoolLimits limits) throws IOException {
        return open(dir, storeDir, limits, InstantSource.system());
    }

    static Spool open(Path dir, StoreDir storeDir, SpoolLimits limits, InstantSource clock) throws IOException {
        SpoolFiles files;
        SpoolLock lock;
        try {
            files = new SpoolFiles(dir, storeDir);
            lock = SpoolLock.take(dir);
        } catch (FileSystemException e) {
            throw unusable(dir, e);
        }
        try {
            return new Spool(lock, files, new SpoolContents(files, limits, clock));
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
    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) {
        return contents.info(path);
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() {
        return contents.paths();
    }

    /// To be sure that they stay, have a session keep them first, and ask then. It fetches nothing.
    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) {
        return contents.contained(paths);
    }

    /// Which of its paths are said to be that output, and by whose signatures; it does not check those.
    public List<Realisation> realisations(RealisationId id) {
        return contents.realisations(id);
    }

    public SpoolStatus status() {
        return contents.status();
    }

    /// All that it has, in the order in which it would go: first what was used longest ago, last what is pinned.
    public List<SpoolEntry> entries() {
        return contents.entries();
    }

    /// For one conversation with a client; to be closed.
    ///
    /// @param client the same for all of its conversations; its share of the room is counted by that
    public SpoolSession session(String client) {
        return session(client, SpoolSession.Follower.NONE);
    }

    /// The same, with a follower that may read what is being uploaded.
    public SpoolSession session(String client, SpoolSession.Follower follower) {
        return new SpoolSession(contents, files, client, follower);
    }

    /// What each client gets from now on, in percent; what they have stays.
    public void changeShare(int percent) {
        contents.changeShare(percent);
    }

    /// The store whose paths it has.
    public StoreDir storeDir() {
        return files.storeDir();
    }

    /// Regardless of who verifies, what is read is checked by its size and by the CRC-32C that it had when its hash
    /// was found right. That finds damage by a disk at a twentieth of the cost of the hash or less, and the
    /// receiver of the NAR hashes it anyway.
    ///
    /// @throws StoreRefusedException if the path is not there; nothing was written
    /// @throws IOException           if the NAR was damaged on disk; all paths with it are dropped then
    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        var nar = contents.use(path).orElseThrow(() -> absent(path));
        var crc32c = new CRC32C();
        long size;
        try (var in = open(path, nar)) {
            size = copy(in, sink, nar.size(), crc32c);
        }
        if (size == nar.size() && (int) crc32c.getValue() == nar.crc32c()) return new NarSummary(nar.hash(), size);
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
