package dispatcher.store.spool;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What a spool has, in memory: which paths, how large, used when, pinned or not. Does no I/O, and is confined to
/// one thread at a time.
///
/// Every name is kept once, however many paths refer to it. Paths with equal NARs share one, whose size counts
/// once.
final class SpoolIndex {
    private static final Duration SAVE_INTERVAL = Duration.ofMinutes(1);

    private final long limit;
    private final Map<StorePath, Node> nodes = new HashMap<>();
    private final Map<NarHash, Nar> nars = new HashMap<>();

    /// The paths that may go, as a ring: after this comes the one used longest ago.
    private final Ring ring = new Ring();

    private int paths;
    private long bytes;
    private long lockedBytes;
    private long reservedBytes;

    /// @param limit bytes of NARs
    SpoolIndex(long limit) {
        this.limit = limit;
    }

    /// A NAR, as long as it is there; identity matters, since one of the same hash may come later.
    static final class Nar {
        private final NarHash hash;
        private final long size;
        private final int crc32c;
        private int users;
        private int locks;

        private Nar(NarHash hash, long size, int crc32c) {
            this.hash = hash;
            this.size = size;
            this.crc32c = crc32c;
        }

        NarHash hash() {
            return hash;
        }

        long size() {
            return size;
        }

        int crc32c() {
            return crc32c;
        }
    }

    /// A path that has gone.
    ///
    /// @param last no other path uses its NAR, which is to go with it
    record Evicted(StorePath path, NarHash narHash, boolean last) {}

    private static class Ring {
        Ring before = this;
        Ring after = this;

        final void insertBefore(Ring other) {
            before = other.before;
            after = other;
            before.after = this;
            other.before = this;
        }

        final void unlink() {
            before.after = after;
            after.before = before;
            before = this;
            after = this;
        }
    }

    /// A name that somebody has a use for: it is there, a path that is there refers to it, or it is pinned.
    private static final class Node extends Ring {
        final StorePath path;
        int referrers;
        int pins;
        long savedAt;

        @Nullable
        Content content;

        Node(StorePath path) {
            this.path = path;
        }

        boolean isOfUse() {
            return content != null || referrers > 0 || pins > 0;
        }
    }

    private record Content(
            Nar nar,
            List<Node> references,
            @Nullable StorePath deriver,
            List<String> signatures,
            @Nullable ContentAddress contentAddress) {}

    // Paths

    boolean contains(StorePath path) {
        return nar(path) != null;
    }

    @Nullable
    Nar nar(StorePath path) {
        var node = nodes.get(path);
        return node == null || node.content == null ? null : node.content.nar;
    }

    boolean hasNar(NarHash hash) {
        return nars.containsKey(hash);
    }

    Optional<PathInfo> info(StorePath path) {
        var node = nodes.get(path);
        if (node == null || node.content == null) return Optional.empty();
        var content = node.content;
        var references = new TreeSet<StorePath>();
        for (var reference : content.references) references.add(reference.path);
        return Optional.of(new PathInfo(
                node.path,
                Optional.ofNullable(content.deriver),
                content.nar.hash,
                references,
                Instant.EPOCH,
                content.nar.size,
                false,
                new TreeSet<>(content.signatures),
                Optional.ofNullable(content.contentAddress)));
    }

    SortedSet<StorePath> paths() {
        var all = new TreeSet<StorePath>();
        for (var node : nodes.values()) if (node.content != null) all.add(node.path);
        return all;
    }

    /// In the order in which they would go, which those that are pinned do not: they come last.
    List<SpoolEntry> entries() {
        var all = new ArrayList<SpoolEntry>(paths);
        for (var next = ring.after; next instanceof Node node; next = node.after) addEntry(node, all);
        for (var node : nodes.values()) if (node.pins > 0) addEntry(node, all);
        return all;
    }

    private static void addEntry(Node node, List<SpoolEntry> all) {
        if (node.content != null)
            all.add(new SpoolEntry(
                    node.path, node.content.nar.size, Instant.ofEpochMilli(node.savedAt), node.pins > 0));
    }

    /// Adds a path as the one used last. Its NAR may be there already. Takes no notice of the limit.
    ///
    /// @param found with the size of the NAR
    void put(NarInfoFile found, Instant now) {
        var info = found.info();
        var node = node(info.path());
        if (node.content != null) throw new IllegalStateException(info.path() + " is there already");
        var nar = nars.get(info.narHash());
        if (nar == null) {
            nar = new Nar(info.narHash(), info.narSize(), found.crc32c());
            nars.put(nar.hash, nar);
            bytes += nar.size;
        }
        nar.users++;
        var references = new ArrayList<Node>(info.references().size());
        for (var reference : info.references()) {
            var referred = node(reference);
            referred.referrers++;
            references.add(referred);
        }
        node.content = new Content(
                nar,
                List.copyOf(references),
                info.deriver().orElse(null),
                List.copyOf(info.signatures()),
                info.contentAddress().orElse(null));
        node.savedAt = now.toEpochMilli();
        paths++;
        if (node.pins > 0) lock(nar);
        else node.insertBefore(ring);
    }

    private Node node(StorePath path) {
        return nodes.computeIfAbsent(path, Node::new);
    }

    private Evicted remove(Node node) {
        var content = node.content;
        if (content == null) throw new IllegalStateException(node.path + " is not there");
        node.content = null;
        node.unlink();
        paths--;
        var nar = content.nar;
        if (node.pins > 0) unlock(nar);
        boolean last = leave(nar);
        for (var reference : content.references) {
            reference.referrers--;
            forgetIfUseless(reference);
        }
        forgetIfUseless(node);
        return new Evicted(node.path, nar.hash, last);
    }

    private boolean leave(Nar nar) {
        if (--nar.users > 0) return false;
        nars.remove(nar.hash);
        bytes -= nar.size;
        return true;
    }

    private void forgetIfUseless(Node node) {
        if (!node.isOfUse()) nodes.remove(node.path);
    }

    /// Removes every path with this very NAR, even those that are pinned.
    List<Evicted> removeAllWith(Nar nar) {
        if (nars.get(nar.hash) != nar) return List.of();
        var hit = nodes.values().stream()
                .filter(node -> node.content != null && node.content.nar == nar)
                .toList();
        return hit.stream().map(this::remove).toList();
    }

    // Recency

    /// Makes the path, if it is there, the one used last.
    ///
    /// @return whether the use should be written down where it outlives the process: a while has passed since the
    ///         last
    boolean touch(StorePath path, Instant now) {
        var node = nodes.get(path);
        if (node == null || node.content == null) return false;
        if (node.pins == 0) {
            node.unlink();
            node.insertBefore(ring);
        }
        long millis = now.toEpochMilli();
        // If the host's clock was set back, what is written down is of a time to come.
        if (Math.abs(millis - node.savedAt) < SAVE_INTERVAL.toMillis()) return false;
        node.savedAt = millis;
        return true;
    }

    // Pins

    /// From now on the path stays, or will once it comes, until it is unpinned as often.
    void pin(StorePath path) {
        var node = node(path);
        if (node.pins++ > 0 || node.content == null) return;
        node.unlink();
        lock(node.content.nar);
    }

    void unpin(StorePath path) {
        var node = nodes.get(path);
        if (node == null || node.pins == 0) throw new IllegalStateException(path + " is not pinned");
        if (--node.pins > 0) return;
        if (node.content == null) {
            forgetIfUseless(node);
        } else {
            node.insertBefore(ring);
            unlock(node.content.nar);
        }
    }

    /// Keeps a NAR that is there from going with its last path, until [#release].
    Nar hold(NarHash hash) {
        var nar = nars.get(hash);
        if (nar == null) throw new IllegalStateException("no NAR " + hash);
        nar.users++;
        lock(nar);
        return nar;
    }

    /// @return whether the NAR has lost its last user, and is to go
    boolean release(Nar nar) {
        unlock(nar);
        return leave(nar);
    }

    private void lock(Nar nar) {
        if (nar.locks++ == 0) lockedBytes += nar.size;
    }

    private void unlock(Nar nar) {
        if (--nar.locks == 0) lockedBytes -= nar.size;
    }

    // Room

    /// Whether [#reserve] can succeed, with all that is not pinned gone.
    boolean canReserve(long size) {
        return size <= limit - lockedBytes - reservedBytes;
    }

    /// Sets `size` bytes aside for a NAR on its way, for which the paths used longest ago go, as far as needed.
    List<Evicted> reserve(long size) {
        if (!canReserve(size)) throw new IllegalStateException("no room for %d bytes".formatted(size));
        reservedBytes += size;
        return shrinkTo(limit - reservedBytes);
    }

    /// Gives back what was set aside.
    void unreserve(long size) {
        reservedBytes -= size;
    }

    /// Removes the paths used longest ago until those left have at most `target` bytes, or all are pinned.
    List<Evicted> shrinkTo(long target) {
        var evicted = new ArrayList<Evicted>();
        while (bytes > target && ring.after instanceof Node oldest) evicted.add(remove(oldest));
        return evicted;
    }

    /// What would go if everything did that may.
    long evictableBytes() {
        return bytes - lockedBytes;
    }

    long reservedBytes() {
        return reservedBytes;
    }

    SpoolStatus status() {
        return new SpoolStatus(paths, bytes, lockedBytes, limit);
    }
}
