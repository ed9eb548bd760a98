package dispatcher.store.spool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.spool.SpoolIndex.Evicted;
import dispatcher.store.spool.SpoolNode.Nar;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Keeps a spool's index and its files in step, for any thread.
///
/// The lock guards the index alone and is never held over I/O. Files that are being named or deleted are marked as
/// busy meanwhile, and a thread that wants to name or delete one of them waits for that. No thread waits for one
/// while it has others marked, so no two wait for each other.
final class SpoolContents {
    /// Whose a path is that an earlier process has left.
    private static final String NOBODY = "";

    private final SpoolFiles files;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filesFree = lock.newCondition();

    @GuardedBy("lock")
    private final SpoolIndex index;

    @GuardedBy("lock")
    private final Set<Path> busy = new HashSet<>();

    @GuardedBy("lock")
    private boolean closed;

    /// Takes over what an earlier process left, as far as the limit lets it stay.
    SpoolContents(SpoolFiles files, SpoolLimits limits, InstantSource clock) throws IOException {
        this.files = files;
        this.clock = clock;
        this.index = new SpoolIndex(limits);
        files.load(index, index.enter(NOBODY));
        shrinkTo(limits.narBytes());
    }

    void changeShare(int percent) {
        lock.lock();
        try {
            index.change(index.limits().withShare(percent));
        } finally {
            lock.unlock();
        }
    }

    // Clients

    SpoolOwner enter(String client) {
        lock.lock();
        try {
            return index.enter(client);
        } finally {
            lock.unlock();
        }
    }

    /// Ends a session with what it pins.
    void leave(SpoolOwner client, BitSet pinned) {
        lock.lock();
        try {
            index.letGo(client, pinned);
            index.leave(client);
        } finally {
            lock.unlock();
        }
    }

    SortedSet<StorePath> paths(SpoolOwner client) {
        lock.lock();
        try {
            return index.paths(client);
        } finally {
            lock.unlock();
        }
    }

    // Questions

    Optional<PathInfo> info(StorePath path) {
        lock.lock();
        try {
            index.touch(path, clock.instant());
            return index.info(path);
        } finally {
            lock.unlock();
        }
    }

    SortedSet<StorePath> paths() {
        lock.lock();
        try {
            return index.paths();
        } finally {
            lock.unlock();
        }
    }

    SortedSet<StorePath> contained(Collection<StorePath> paths) {
        var found = new TreeSet<StorePath>();
        lock.lock();
        try {
            for (var path : paths) if (index.contains(path)) found.add(path);
        } finally {
            lock.unlock();
        }
        return found;
    }

    /// The NAR of a path, which is about to be read.
    Optional<Nar> use(StorePath path) throws IOException {
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
        if (save) files.saveUse(path, now);
        return Optional.ofNullable(nar);
    }

    List<Realisation> realisations(RealisationId id) {
        lock.lock();
        try {
            return index.realisations(id);
        } finally {
            lock.unlock();
        }
    }

    SpoolStatus status() {
        lock.lock();
        try {
            return index.status();
        } finally {
            lock.unlock();
        }
    }

    List<SpoolEntry> entries() {
        lock.lock();
        try {
            return index.entries();
        } finally {
            lock.unlock();
        }
    }

    // Pins

    /// Pins those of `paths` that are there for a session, as far as its client's share goes.
    void keep(Collection<StorePath> paths, SpoolOwner client, BitSet pinned) {
        var now = clock.instant();
        var toSave = new ArrayList<StorePath>();
        lock.lock();
        try {
            for (var path : paths) {
                index.keep(path, client, pinned);
                if (index.touch(path, now)) toSave.add(path);
            }
        } finally {
            lock.unlock();
        }
        for (var path : toSave) files.saveUse(path, now);
    }

    /// Keeps a path that is being uploaded from going as soon as it is there, or if it is.
    void pin(StorePath path) {
        lock.lock();
        try {
            index.pin(path);
        } finally {
            lock.unlock();
        }
    }

    void unpin(StorePath path) {
        lock.lock();
        try {
            index.unpin(path);
        } finally {
            lock.unlock();
        }
    }

    // Room

    /// Sees whether there would be room for a NAR now; nothing is set aside for it.
    void requireRoom(StorePath path, long size, SpoolOwner client) throws IOException {
        lock.lock();
        try {
            requireOpen();
            if (!index.canReserve(size, client)) throw noRoom(path, size, client);
        } finally {
            lock.unlock();
        }
    }

    /// Sets `size` bytes aside for the NAR of `path`. What goes for it has gone when this returns.
    void reserve(StorePath path, long size, SpoolOwner client) throws IOException {
        List<Path> unused;
        lock.lock();
        try {
            requireOpen();
            if (!index.canReserve(size, client)) throw noRoom(path, size, client);
            unused = markBusy(index.reserve(size, client));
        } finally {
            lock.unlock();
        }
        delete(unused);
    }

    @GuardedBy("lock")
    private StoreRefusedException noRoom(StorePath path, long size, SpoolOwner client) {
        var status = index.status();
        boolean isShare = size <= status.limit() - status.pinnedBytes() - index.reservedBytes();
        return new StoreRefusedException(
                isShare
                        ? "the spool at %s has no room for %d bytes of %s: you have %d bytes there pinned or on their way and %d in all, of the %d that one client gets while others want room; wait for your builds, or raise spool.size or limits.spoolShare in the settings"
                                .formatted(
                                        files.root(),
                                        size,
                                        path,
                                        client.lockedBytes(),
                                        client.bytes(),
                                        index.limits().narShare())
                        : "the spool at %s has no room for %d bytes of %s: of its %d bytes %d are pinned and %d are being received; raise spool.size in the settings"
                                .formatted(
                                        files.root(),
                                        size,
                                        path,
                                        status.limit(),
                                        status.pinnedBytes(),
                                        index.reservedBytes()));
    }

    void unreserve(long size, SpoolOwner client) {
        lock.lock();
        try {
            index.unreserve(size, client);
        } finally {
            lock.unlock();
        }
    }

    /// Sets memory aside for what is known of `path`. What goes for it has gone when this returns.
    ///
    /// @throws StoreRefusedException if there is none; then nothing is set aside
    void reserveIndex(StorePath path, long weight, SpoolOwner client) throws IOException {
        List<Path> unused;
        boolean fits;
        lock.lock();
        try {
            requireOpen();
            unused = markBusy(index.reserveIndex(weight, client));
            fits = index.hasIndexRoom();
            if (!fits) index.unreserveIndex(weight, client);
        } finally {
            lock.unlock();
        }
        delete(unused);
        if (!fits)
            throw new StoreRefusedException(
                    "the spool at %s has no room for the %d bytes that it would have to remember of %s: its index is full of paths that are pinned or not yours; wait for builds to end, or give the dispatcher more memory (-Xmx in DISPATCHER_JAVA_OPTS)"
                            .formatted(files.root(), weight, path));
    }

    void unreserveIndex(long weight, SpoolOwner client) {
        lock.lock();
        try {
            index.unreserveIndex(weight, client);
        } finally {
            lock.unlock();
        }
    }

    Trimmed shrinkTo(long target) {
        List<Evicted> evicted;
        List<Path> unused;
        long freed;
        lock.lock();
        try {
            long before = index.status().bytes();
            evicted = index.shrinkTo(target);
            unused = markBusy(evicted);
            freed = before - index.status().bytes();
        } finally {
            lock.unlock();
        }
        delete(unused);
        return new Trimmed(evicted.stream().map(Evicted::path).toList(), freed);
    }

    /// Frees at least `size` bytes of the disk, regardless of the limit; nothing if less can go.
    ///
    /// @return whether they went
    boolean free(long size) {
        long target;
        lock.lock();
        try {
            if (size > index.evictableBytes()) return false;
            target = index.status().bytes() - size;
        } finally {
            lock.unlock();
        }
        return shrinkTo(target).bytes() > 0;
    }

    // NARs that come and go

    /// Keeps the NAR with this hash, if it is there, until [#release].
    Optional<Nar> hold(NarHash hash) throws IOException {
        lock.lock();
        try {
            requireOpen();
            return index.hasNar(hash) ? Optional.of(index.hold(hash)) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    void release(Nar nar) {
        List<Path> unused;
        lock.lock();
        try {
            unused = index.release(nar) ? List.of(files.narFile(nar.hash())) : List.of();
            busy.addAll(unused);
        } finally {
            lock.unlock();
        }
        delete(unused);
    }

    /// Makes a path one of those that are there, unless another thread just did.
    ///
    /// @param temporary the file that becomes its NAR, if no equal one is there by now
    /// @param crc32c    of that file
    void publish(PathInfo info, int crc32c, Path temporary, SpoolOwner client)
            throws IOException, InterruptedException {
        var claimed = List.of(files.infoFile(info.path()), files.narFile(info.narHash()));
        Nar present;
        lock.lock();
        try {
            while (!Collections.disjoint(claimed, busy)) filesFree.await();
            requireOpen();
            if (index.contains(info.path())) return;
            present = index.hasNar(info.narHash()) ? index.hold(info.narHash()) : null;
            busy.addAll(claimed);
        } finally {
            lock.unlock();
        }
        var now = clock.instant();
        var content = new NarInfoFile(info, present == null ? crc32c : present.crc32c());
        boolean done = false;
        try {
            if (present == null) files.publishNar(temporary, info.narHash());
            files.publishInfo(content, now);
            done = true;
        } finally {
            delete(settle(content, now, done, present, claimed, client));
        }
    }

    /// Writes a realisation down with the path that it names.
    ///
    /// @return false if that is not there
    boolean keep(Realisation realisation, SpoolOwner client) throws IOException, InterruptedException {
        var path = realisation.outPath();
        long weight = SpoolRealisations.weight(realisation);
        pin(path);
        try {
            reserveIndex(path, weight, client);
            try {
                return write(realisation);
            } finally {
                unreserveIndex(weight, client);
            }
        } finally {
            unpin(path);
        }
    }

    /// Of a path that is pinned. While its NAR counts as busy, it does not go for being damaged either.
    private boolean write(Realisation realisation) throws IOException, InterruptedException {
        var path = realisation.outPath();
        List<Path> claimed;
        NarInfoFile content;
        lock.lock();
        try {
            while (true) {
                requireOpen();
                var nar = index.nar(path);
                if (nar == null) return false;
                claimed = List.of(files.infoFile(path), files.narFile(nar.hash()));
                if (Collections.disjoint(claimed, busy)) break;
                filesFree.await();
            }
            content = index.described(path).with(realisation);
            busy.addAll(claimed);
        } finally {
            lock.unlock();
        }
        boolean done = false;
        try {
            files.publishInfo(content, clock.instant());
            done = true;
        } finally {
            lock.lock();
            try {
                if (done) index.realise(path, content.realisations());
                for (var file : claimed) busy.remove(file);
                filesFree.signalAll();
            } finally {
                lock.unlock();
            }
        }
        return true;
    }

    /// @return the NAR's file if it is of no use any more
    private List<Path> settle(
            NarInfoFile content,
            Instant now,
            boolean done,
            @Nullable Nar present,
            List<Path> claimed,
            SpoolOwner client) {
        lock.lock();
        try {
            if (done) index.put(content, now, client);
            boolean narUsed = present == null ? done : !index.release(present);
            var unused = narUsed
                    ? List.<Path>of()
                    : List.of(files.narFile(content.info().narHash()));
            for (var path : claimed) busy.remove(path);
            busy.addAll(unused);
            filesFree.signalAll();
            return unused;
        } finally {
            lock.unlock();
        }
    }

    /// Lets a NAR go that turned out not to be what it should, with all its paths.
    List<StorePath> drop(Nar nar) throws InterruptedException {
        var file = files.narFile(nar.hash());
        List<Evicted> dropped;
        List<Path> unused;
        lock.lock();
        try {
            while (busy.contains(file)) filesFree.await();
            dropped = index.removeAllWith(nar);
            unused = markBusy(dropped);
        } finally {
            lock.unlock();
        }
        delete(unused);
        return dropped.stream().map(Evicted::path).toList();
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
        unused.forEach(files::delete);
        lock.lock();
        try {
            for (var path : unused) busy.remove(path);
            filesFree.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void requireOpen() throws IOException {
        if (closed) throw new IOException("the spool at %s is closed".formatted(files.root()));
    }

    /// Changes no file any more when this returns.
    void close() {
        lock.lock();
        try {
            closed = true;
            while (!busy.isEmpty()) filesFree.awaitUninterruptibly();
        } finally {
            lock.unlock();
        }
    }
}
