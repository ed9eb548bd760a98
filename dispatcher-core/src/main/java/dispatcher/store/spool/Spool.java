package dispatcher.store.spool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.HashAlgorithm;
import dispatcher.nix.NarHash;
import dispatcher.nix.NixSyntaxException;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.NarToAdd.NarSource;
import dispatcher.store.PathSource;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.SpoolIndex.Evicted;
import dispatcher.store.spool.SpoolIndex.Nar;
import dispatcher.wire.NarSummary;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// NARs of paths that clients uploaded, on disk and bounded in size: those used longest ago go first, those that
/// are pinned stay. What it tells of a path comes from memory, about 600 bytes a path.
///
/// One for a directory, which a lock file sees to. Safe for any thread. The lock guards the index alone and is
/// never held over I/O; files that are being named or deleted are marked as busy, and whoever needs one of them
/// waits. The limit counts NARs, whole and on their way, not the small files beside them.
public final class Spool implements PathSource, AutoCloseable {
    private static final Logger logger = LoggerFactory.getLogger(Spool.class);
    private static final int CHUNK = 128 * 1024;

    private final Path root;
    private final long limit;
    private final InstantSource clock;
    private final SpoolLock directoryLock;
    private final SpoolFiles files;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filesFree = lock.newCondition();

    @GuardedBy("lock")
    private final SpoolIndex index;

    @GuardedBy("lock")
    private final Set<Path> busy = new HashSet<>();

    @GuardedBy("lock")
    private boolean closed;

    private Spool(
            Path root, long limit, InstantSource clock, SpoolLock directoryLock, SpoolFiles files, SpoolIndex index) {
        this.root = root;
        this.limit = limit;
        this.clock = clock;
        this.directoryLock = directoryLock;
        this.files = files;
        this.index = index;
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
        try {
            files = new SpoolFiles(dir, storeDir);
        } catch (IOException e) {
            throw unusable(dir, e);
        }
        var directoryLock = SpoolLock.take(dir);
        try {
            var index = new SpoolIndex(maxBytes);
            files.load(index);
            var spool = new Spool(dir, maxBytes, clock, directoryLock, files, index);
            spool.trim(maxBytes);
            return spool;
        } catch (IOException e) {
            directoryLock.close();
            throw unusable(dir, e);
        }
    }

    private static IOException unusable(Path dir, IOException e) {
        return new IOException(
                "cannot use %s as the spool: %s: make it a directory that this user may write to, or set another spool.path in the settings"
                        .formatted(dir, reason(e)),
                e);
    }

    private static String reason(IOException e) {
        return "%s (%s)".formatted(e.getMessage(), e.getClass().getSimpleName());
    }

    // Questions

    @Override
    public Optional<PathInfo> info(StorePath path) {
        lock.lock();
        try {
            index.touch(path, clock.instant());
            return index.info(path);
        } finally {
            lock.unlock();
        }
    }

    /// All that it has.
    public SortedSet<StorePath> paths() {
        lock.lock();
        try {
            return index.paths();
        } finally {
            lock.unlock();
        }
    }

    /// Which of `paths` it has. To be sure that they stay, pin first and ask then.
    public SortedSet<StorePath> contained(Collection<StorePath> paths) {
        var found = new TreeSet<StorePath>();
        lock.lock();
        try {
            for (var path : paths) if (index.contains(path)) found.add(path);
        } finally {
            lock.unlock();
        }
        return found;
    }

    public SpoolStatus status() {
        lock.lock();
        try {
            return index.status();
        } finally {
            lock.unlock();
        }
    }

    // Pins

    /// Keeps `paths` from being evicted until the pin is closed: those that are there, and the others once they
    /// come. Counts as a use.
    public Pin pin(Collection<StorePath> paths) {
        var pin = new Pin(List.copyOf(paths));
        var now = clock.instant();
        var toSave = new ArrayList<StorePath>();
        lock.lock();
        try {
            for (var path : pin.paths) {
                index.pin(path);
                if (index.touch(path, now)) toSave.add(path);
            }
        } finally {
            lock.unlock();
        }
        for (var path : toSave) files.saveUse(path, now);
        return pin;
    }

    /// Keeps paths in the spool until it is closed; each pin counts for itself. Safe for any thread.
    public final class Pin implements AutoCloseable {
        private final List<StorePath> paths;

        @GuardedBy("lock")
        private boolean released;

        private Pin(List<StorePath> paths) {
            this.paths = paths;
        }

        @Override
        public void close() {
            lock.lock();
            try {
                if (released) return;
                released = true;
                for (var path : paths) index.unpin(path);
            } finally {
                lock.unlock();
            }
        }
    }

    // NARs out

    /// Writes the NAR of a path to `sink`, which it neither flushes nor closes.
    ///
    /// @return what was read, which is what the path's info says
    /// @throws StoreRefusedException if the path is not there; nothing was written
    /// @throws IOException           if the NAR was damaged on disk; all paths with it are dropped then
    @Override
    public NarSummary copyNar(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        var nar = find(path);
        var digest = HashAlgorithm.SHA256.newDigest();
        long size = 0;
        try (var in = Files.newInputStream(files.narFile(nar.hash()))) {
            var buffer = new byte[(int) Math.min(CHUNK, nar.size() + 1)];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
                sink.write(buffer, 0, n);
                size += n;
            }
        } catch (NoSuchFileException e) {
            dropDamaged(nar);
            throw absent(path);
        }
        var summary = new NarSummary(NarHash.of(digest.digest()), size);
        if (summary.size() == nar.size() && summary.hash().equals(nar.hash())) return summary;
        dropDamaged(nar);
        throw new IOException(
                "the NAR of %s in the spool at %s is damaged (%d bytes with the hash %s instead of %d with %s) and was dropped: check that disk"
                        .formatted(path, root, summary.size(), summary.hash(), nar.size(), nar.hash()));
    }

    private Nar find(StorePath path) throws IOException {
        var now = clock.instant();
        Nar nar;
        boolean save;
        lock.lock();
        try {
            requireOpen();
            nar = index.nar(path);
            save = index.touch(path, now);
        } finally {
            lock.unlock();
        }
        if (nar == null) throw absent(path);
        if (save) files.saveUse(path, now);
        return nar;
    }

    private StoreRefusedException absent(StorePath path) {
        return new StoreRefusedException("path '%s' is not in the spool at %s, or no longer".formatted(path, root));
    }

    private void dropDamaged(Nar nar) throws InterruptedException {
        List<Evicted> dropped;
        List<Path> unused;
        lock.lock();
        try {
            while (busy.contains(files.narFile(nar.hash()))) filesFree.await();
            dropped = index.removeAllWith(nar);
            unused = markBusy(dropped);
        } finally {
            lock.unlock();
        }
        for (var gone : dropped)
            logger.atWarn()
                    .addKeyValue("path", gone.path())
                    .addKeyValue("spool", root)
                    .log("damaged NAR dropped");
        delete(unused);
    }

    // NARs in

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
        var pin = pin(List.of(info.path()));
        try {
            if (contains(info.path())) {
                nar.writeTo(OutputStream.nullOutputStream()).requireSameAs(info, "its upload");
                return;
            }
            try (var upload = new Upload(info)) {
                upload.publish(upload.receive(nar));
            }
        } finally {
            pin.close();
        }
    }

    private boolean contains(StorePath path) throws IOException {
        lock.lock();
        try {
            requireOpen();
            return index.contains(path);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void requireOpen() throws IOException {
        if (closed) throw new IOException("the spool at %s is closed".formatted(root));
    }

    /// A NAR on its way into the spool: the room set aside for it and its temporary file, or, if an equal one is there,
    /// nothing but a hold on that.
    private final class Upload implements AutoCloseable {
        private final PathInfo announced;
        private final Path temporary = files.newTemporary();
        private final @Nullable Nar shared;
        private long reserved;
        private long written;

        Upload(PathInfo announced) throws IOException {
            this.announced = announced;
            List<Path> evicted;
            lock.lock();
            try {
                shared = index.hasNar(announced.narHash()) ? index.hold(announced.narHash()) : null;
                evicted = shared == null ? reserve(announced.narSize()) : List.of();
            } finally {
                lock.unlock();
            }
            delete(evicted);
        }

        @GuardedBy("lock")
        private List<Path> reserve(long size) throws IOException {
            if (!index.canReserve(size)) throw noRoom(announced.path(), reserved + size);
            reserved += size;
            return markBusy(index.reserve(size));
        }

        private void reserveMore(long size) throws IOException {
            List<Path> evicted;
            lock.lock();
            try {
                evicted = reserve(size);
            } finally {
                lock.unlock();
            }
            delete(evicted);
        }

        /// Receives the NAR.
        ///
        /// @return the path's info, now with the size
        PathInfo receive(NarSource nar) throws IOException, InterruptedException {
            NarSummary summary;
            if (shared != null) {
                summary = nar.writeTo(OutputStream.nullOutputStream());
            } else {
                try (var sink = new Sink(create())) {
                    summary = nar.writeTo(sink);
                }
                if (summary.size() != written)
                    throw new ProtocolException("the NAR of %s is said to have %d bytes, and %d came"
                            .formatted(announced.path(), summary.size(), written));
            }
            summary.requireSameAs(announced, "its upload");
            return withSize(announced, summary.size());
        }

        private OutputStream create() throws IOException {
            try {
                return Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            } catch (IOException e) {
                throw explained(announced.path(), e);
            }
        }

        /// Gives the files their names, and the path its place in the index.
        void publish(PathInfo info) throws IOException, InterruptedException {
            var infoFile = files.infoFile(info.path());
            var narFile = files.narFile(info.narHash());
            Nar present;
            lock.lock();
            try {
                while (busy.contains(infoFile) || busy.contains(narFile)) filesFree.await();
                requireOpen();
                if (index.contains(info.path())) return;
                present = index.hasNar(info.narHash()) ? index.hold(info.narHash()) : null;
                busy.add(infoFile);
                busy.add(narFile);
            } finally {
                lock.unlock();
            }
            var now = clock.instant();
            boolean done = false;
            try {
                if (present == null) files.publishNar(temporary, info.narHash());
                files.publishInfo(info, now);
                done = true;
            } catch (IOException e) {
                throw explained(info.path(), e);
            } finally {
                boolean narUsed = done;
                lock.lock();
                try {
                    if (done) index.put(info, now);
                    if (present != null) narUsed = !index.release(present);
                } finally {
                    lock.unlock();
                }
                if (!narUsed) deleteOrWarn(narFile);
                setFree(List.of(infoFile, narFile));
            }
        }

        @Override
        public void close() {
            deleteOrWarn(temporary);
            List<Path> unused = List.of();
            lock.lock();
            try {
                index.unreserve(reserved);
                if (shared != null && index.release(shared)) {
                    unused = List.of(files.narFile(shared.hash()));
                    busy.addAll(unused);
                }
            } finally {
                lock.unlock();
            }
            delete(unused);
        }

        /// The temporary file, for as many bytes as were announced, or as there is room for if none were.
        private final class Sink extends OutputStream {
            private final OutputStream file;

            Sink(OutputStream file) {
                this.file = file;
            }

            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (length > reserved - written) {
                    if (announced.narSize() != 0)
                        throw new ProtocolException("the NAR of %s is larger than the %d bytes that its path info says"
                                .formatted(announced.path(), announced.narSize()));
                    reserveMore(length);
                }
                try {
                    file.write(bytes, offset, length);
                } catch (IOException e) {
                    throw explained(announced.path(), e);
                }
                written += length;
            }

            @Override
            public void close() throws IOException {
                try {
                    file.close();
                } catch (IOException e) {
                    throw explained(announced.path(), e);
                }
            }
        }
    }

    private static PathInfo withSize(PathInfo info, long size) {
        return new PathInfo(
                info.path(),
                info.deriver(),
                info.narHash(),
                info.references(),
                info.registrationTime(),
                size,
                false,
                info.signatures(),
                info.contentAddress());
    }

    /// What a write that failed means to who uploads.
    private IOException explained(StorePath path, IOException e) {
        var message = String.valueOf(e.getMessage());
        if (message.contains("No space left on device") || message.contains("quota exceeded"))
            return new StoreRefusedException(
                    "the disk of the spool at %s is full, so it cannot take %s: free some space there, or set a smaller spool.size in the settings"
                            .formatted(root, path),
                    e);
        return new IOException("cannot write %s to the spool at %s: %s".formatted(path, root, reason(e)), e);
    }

    // Room

    @GuardedBy("lock")
    private StoreRefusedException noRoom(StorePath path, long size) {
        var status = index.status();
        return new StoreRefusedException(
                "the spool at %s has no room for %s (%d bytes): of its %d bytes %d are pinned and %d are being received; raise spool.size in the settings"
                        .formatted(root, path, size, limit, status.pinnedBytes(), index.reservedBytes()));
    }

    /// Lets paths go, those used longest ago first, until what is left has at most `targetBytes` or is pinned.
    ///
    /// @return how many bytes of NARs went
    public long trim(long targetBytes) {
        List<Path> unused;
        long freed;
        lock.lock();
        try {
            long before = index.status().bytes();
            unused = markBusy(index.shrinkTo(targetBytes));
            freed = before - index.status().bytes();
        } finally {
            lock.unlock();
        }
        delete(unused);
        return freed;
    }

    /// @return the files that are to be deleted
    @GuardedBy("lock")
    private List<Path> markBusy(List<Evicted> evicted) {
        var unused = new ArrayList<Path>();
        for (var gone : evicted) {
            unused.add(files.infoFile(gone.path()));
            if (gone.last()) unused.add(files.narFile(gone.narHash()));
        }
        busy.addAll(unused);
        return unused;
    }

    private void delete(List<Path> unused) {
        if (unused.isEmpty()) return;
        unused.forEach(Spool::deleteOrWarn);
        setFree(unused);
    }

    private void setFree(List<Path> paths) {
        lock.lock();
        try {
            paths.forEach(busy::remove);
            filesFree.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void deleteOrWarn(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            logger.atWarn().addKeyValue("file", file).setCause(e).log("cannot delete a file of the spool");
        }
    }

    /// Waits for files that are just being named or deleted. What is on its way in is refused when it has come.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            while (!busy.isEmpty()) filesFree.awaitUninterruptibly();
        } finally {
            lock.unlock();
        }
        directoryLock.close();
    }
}
