package dispatcher.store.spool;

import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.store.spool.SpoolNode.Content;
import dispatcher.store.spool.SpoolNode.Nar;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// What a spool has, in memory: which paths, whose, how large, used when, pinned or not. Does no I/O, and is
/// confined to one thread at a time.
///
/// Every name is kept once, for all paths that refer to it. Paths with equal NARs share one, whose size counts
/// once. Room is made by what was used longest ago: of the client that wants it if that has more than its share,
/// else of the client that has, else of all.
final class SpoolIndex {
    private static final Duration SAVE_INTERVAL = Duration.ofMinutes(1);

    private SpoolLimits limits;
    private final Map<StorePath, SpoolNode> nodes = new HashMap<>();
    private final Map<NarHash, Nar> nars = new HashMap<>();
    private final SpoolRealisations realisations = new SpoolRealisations();
    private final Map<String, SpoolOwner> owners = new HashMap<>();

    /// By slot; null where none is.
    private final ArrayList<@Nullable SpoolNode> slots = new ArrayList<>();

    private final BitSet freeSlots = new BitSet();
    private long uses;
    private int paths;
    private long bytes;
    private long lockedBytes;
    private long reservedBytes;
    private long indexBytes;

    SpoolIndex(SpoolLimits limits) {
        this.limits = limits;
    }

    void change(SpoolLimits newLimits) {
        limits = newLimits;
    }

    SpoolLimits limits() {
        return limits;
    }

    /// A path that has gone.
    ///
    /// @param last no other path uses its NAR, which is to go with it
    record Evicted(StorePath path, NarHash narHash, boolean last) {}

    // Clients

    /// The client with that name, to be left as often.
    SpoolOwner enter(String client) {
        var owner = owners.computeIfAbsent(client, SpoolOwner::new);
        owner.uses++;
        return owner;
    }

    void leave(SpoolOwner owner) {
        if (--owner.uses == 0) owners.remove(owner.name());
    }

    // Paths

    boolean contains(StorePath path) {
        return nar(path) != null;
    }

    @Nullable
    Nar nar(StorePath path) {
        var node = nodes.get(path);
        return node == null || node.content == null ? null : node.content.nar();
    }

    boolean hasNar(NarHash hash) {
        return nars.containsKey(hash);
    }

    Optional<PathInfo> info(StorePath path) {
        var node = nodes.get(path);
        if (node == null || node.content == null) return Optional.empty();
        var content = node.content;
        var references = new TreeSet<StorePath>();
        for (var reference : content.references()) references.add(reference.path);
        return Optional.of(new PathInfo(
                node.path,
                Optional.ofNullable(content.deriver()),
                content.nar().hash,
                references,
                Instant.EPOCH,
                content.nar().size,
                false,
                new TreeSet<>(content.signatures()),
                Optional.ofNullable(content.contentAddress())));
    }

    /// The same of a path that is there, as its file has it.
    NarInfoFile described(StorePath path) {
        var node = nodes.get(path);
        if (node == null || node.content == null) throw new IllegalStateException(path + " is not there");
        return new NarInfoFile(info(path).orElseThrow(), node.content.nar().crc32c, node.realisations);
    }

    /// Of paths that are there.
    List<Realisation> realisations(RealisationId id) {
        return realisations.of(id);
    }

    /// Has a path that is there be said to be these outputs.
    void realise(StorePath path, List<Realisation> all) {
        var node = nodes.get(path);
        if (node == null || node.content == null) throw new IllegalStateException(path + " is not there");
        long more = realisations.change(node.realisations, all);
        node.realisations = all;
        indexBytes += more;
        node.content.owner().indexBytes += more;
    }

    SortedSet<StorePath> paths() {
        var all = new TreeSet<StorePath>();
        for (var node : nodes.values()) if (node.content != null) all.add(node.path);
        return all;
    }

    /// Those that this client was the first to upload.
    SortedSet<StorePath> paths(SpoolOwner owner) {
        var all = new TreeSet<StorePath>();
        for (var node : nodes.values()) if (node.content != null && node.content.owner() == owner) all.add(node.path);
        return all;
    }

    /// By last use, and those that are pinned at the end.
    List<SpoolEntry> entries() {
        return nodes.values().stream()
                .filter(node -> node.content != null)
                .sorted(Comparator.comparing((SpoolNode node) -> node.pins > 0).thenComparingLong(node -> node.usedAt))
                .map(SpoolIndex::entry)
                .toList();
    }

    private static SpoolEntry entry(SpoolNode node) {
        long size = node.content == null ? 0 : node.content.nar().size;
        return new SpoolEntry(node.path, size, Instant.ofEpochMilli(node.savedAt), node.pins > 0);
    }

    /// Adds a path as the one used last. Its NAR may be there already. Takes no notice of the limits.
    ///
    /// @param found with the size of the NAR
    void put(NarInfoFile found, Instant now, SpoolOwner owner) {
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
        var references = new ArrayList<SpoolNode>(info.references().size());
        for (var reference : info.references()) {
            var referred = node(reference);
            referred.referrers++;
            references.add(referred);
        }
        long weight = SpoolNode.weight(info) - SpoolNode.weight(info.path());
        node.content = new Content(
                nar,
                owner,
                List.copyOf(references),
                info.deriver().orElse(null),
                List.copyOf(info.signatures()),
                info.contentAddress().orElse(null),
                weight);
        node.savedAt = now.toEpochMilli();
        node.usedAt = ++uses;
        paths++;
        indexBytes += weight;
        owner.uses++;
        owner.keptBytes += nar.size;
        owner.indexBytes += SpoolNode.largestWeight(info);
        realise(info.path(), found.realisations());
        if (node.pins > 0) {
            lock(nar);
            countPins(node, nar.size);
        } else {
            link(node, node.content);
        }
    }

    private void link(SpoolNode node, Content content) {
        node.insertBefore(content.owner().ring);
        content.owner().ringBytes += content.nar().size;
    }

    private void unlink(SpoolNode node, Content content) {
        if (!node.isLinked()) return;
        node.unlink();
        content.owner().ringBytes -= content.nar().size;
    }

    private void countPins(SpoolNode node, long size) {
        for (var owner : owners.values()) if (owner.pins(node.slot) > 0) owner.pinnedBytes += size;
    }

    private SpoolNode node(StorePath path) {
        var known = nodes.get(path);
        if (known != null) return known;
        int slot = freeSlots.nextSetBit(0);
        if (slot < 0) {
            slot = slots.size();
            slots.add(null);
        } else {
            freeSlots.clear(slot);
        }
        var node = new SpoolNode(path, slot);
        slots.set(slot, node);
        nodes.put(path, node);
        indexBytes += SpoolNode.weight(path);
        return node;
    }

    private Evicted remove(SpoolNode node) {
        var content = node.content;
        if (content == null) throw new IllegalStateException(node.path + " is not there");
        var nar = content.nar();
        realise(node.path, List.of());
        unlink(node, content);
        content.owner().keptBytes -= nar.size;
        content.owner().indexBytes -= SpoolNode.largestWeight(info(node.path).orElseThrow());
        node.content = null;
        paths--;
        indexBytes -= content.indexBytes();
        if (node.pins > 0) {
            unlock(nar);
            countPins(node, -nar.size);
        }
        boolean last = leave(nar);
        for (var reference : content.references()) {
            reference.referrers--;
            forgetIfUseless(reference);
        }
        forgetIfUseless(node);
        leave(content.owner());
        return new Evicted(node.path, nar.hash, last);
    }

    private boolean leave(Nar nar) {
        if (--nar.users > 0) return false;
        nars.remove(nar.hash);
        bytes -= nar.size;
        return true;
    }

    private void forgetIfUseless(SpoolNode node) {
        if (node.isOfUse() || slots.get(node.slot) != node) return;
        nodes.remove(node.path);
        slots.set(node.slot, null);
        freeSlots.set(node.slot);
        indexBytes -= SpoolNode.weight(node.path);
    }

    /// Removes every path with this very NAR, even those that are pinned.
    List<Evicted> removeAllWith(Nar nar) {
        if (nars.get(nar.hash) != nar) return List.of();
        var hit = nodes.values().stream()
                .filter(node -> node.content != null && node.content.nar() == nar)
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
        used(node, node.content);
        long millis = now.toEpochMilli();
        // If the host's clock was set back, what is written down is of a time to come.
        if (Math.abs(millis - node.savedAt) < SAVE_INTERVAL.toMillis()) return false;
        node.savedAt = millis;
        return true;
    }

    private void used(SpoolNode node, Content content) {
        node.usedAt = ++uses;
        if (node.pins > 0) return;
        unlink(node, content);
        link(node, content);
    }

    // Pins

    /// From now on the path stays, or will once it comes, until it is unpinned as often. For the time of one upload.
    void pin(StorePath path) {
        pin(node(path));
    }

    private void pin(SpoolNode node) {
        if (node.pins++ > 0 || node.content == null) return;
        unlink(node, node.content);
        lock(node.content.nar());
    }

    void unpin(StorePath path) {
        var node = nodes.get(path);
        if (node == null || node.pins == 0) throw new IllegalStateException(path + " is not pinned");
        unpin(node);
    }

    private void unpin(SpoolNode node) {
        if (--node.pins > 0) return;
        if (node.content == null) {
            forgetIfUseless(node);
        } else {
            unlock(node.content.nar());
            used(node, node.content);
        }
    }

    /// Pins a path for a client, if it is there and the client does not pin more than its share already.
    ///
    /// @param held slots that this session of the client pins, to which the path's is added
    void keep(StorePath path, SpoolOwner by, BitSet held) {
        var node = nodes.get(path);
        if (node == null || node.content == null || held.get(node.slot)) return;
        long size = node.content.nar().size;
        if (by.pins(node.slot) == 0) {
            if (by.lockedBytes() + size > limits.narShare()) return;
            by.pinnedBytes += size;
        }
        by.changePins(node.slot, 1);
        held.set(node.slot);
        pin(node);
    }

    /// Ends what a session pins.
    void letGo(SpoolOwner by, BitSet held) {
        for (int slot = held.nextSetBit(0); slot >= 0; slot = held.nextSetBit(slot + 1)) {
            var node = slots.get(slot);
            if (node == null) throw new IllegalStateException("nothing is pinned in slot " + slot);
            by.changePins(slot, -1);
            if (by.pins(slot) == 0 && node.content != null) by.pinnedBytes -= node.content.nar().size;
            unpin(node);
        }
        held.clear();
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

    /// Whether [#reserve] can succeed, with all gone that may go for this client.
    boolean canReserve(long size, SpoolOwner by) {
        if (!mayLock(size, by) || size > limits.narBytes() - lockedBytes - reservedBytes) return false;
        boolean takesFromOthers = by.bytes() + size <= limits.narShare();
        return takesFromOthers || size <= limits.narBytes() - reservedBytes - bytes + by.ringBytes;
    }

    /// Whether a client would still have no more than its share of what cannot go for others.
    boolean mayLock(long size, SpoolOwner by) {
        return size <= limits.narShare() - by.lockedBytes();
    }

    /// Sets `size` bytes aside for a NAR on its way, for which paths go as far as needed.
    List<Evicted> reserve(long size, SpoolOwner by) {
        if (!canReserve(size, by)) throw new IllegalStateException("no room for %d bytes".formatted(size));
        reservedBytes += size;
        by.reservedBytes += size;
        var evicted = new ArrayList<Evicted>();
        while (bytes > limits.narBytes() - reservedBytes) {
            var node = victim(by, SpoolOwner::bytes, limits.narShare());
            if (node == null) break;
            evicted.add(remove(node));
        }
        return evicted;
    }

    /// Gives back what was set aside.
    void unreserve(long size, SpoolOwner by) {
        reservedBytes -= size;
        by.reservedBytes -= size;
    }

    /// Sets memory aside for what is known of a path on its way, for which others go as far as needed.
    ///
    /// @return what went; whether it sufficed says [#hasIndexRoom]
    List<Evicted> reserveIndex(long weight, SpoolOwner by) {
        indexBytes += weight;
        by.indexBytes += weight;
        var evicted = new ArrayList<Evicted>();
        while (!hasIndexRoom()) {
            var node = victim(by, owner -> owner.indexBytes, limits.indexShare());
            if (node == null) break;
            evicted.add(remove(node));
        }
        return evicted;
    }

    void unreserveIndex(long weight, SpoolOwner by) {
        indexBytes -= weight;
        by.indexBytes -= weight;
    }

    boolean hasIndexRoom() {
        return hasIndexRoom(0);
    }

    /// Whether there is memory for that much more.
    boolean hasIndexRoom(long weight) {
        return weight <= limits.indexBytes() - indexBytes;
    }

    /// What is to go next when a client wants room; null if nothing may.
    private @Nullable SpoolNode victim(SpoolOwner by, ToLongFunction<SpoolOwner> measure, long share) {
        if (measure.applyAsLong(by) > share) return by.oldest();
        SpoolOwner greediest = null;
        long most = share;
        for (var owner : owners.values()) {
            long has = measure.applyAsLong(owner);
            if (has > most && owner.oldest() != null) {
                greediest = owner;
                most = has;
            }
        }
        return greediest != null ? greediest.oldest() : oldest();
    }

    private @Nullable SpoolNode oldest() {
        SpoolNode oldest = null;
        for (var owner : owners.values()) {
            var node = owner.oldest();
            if (node != null && (oldest == null || node.usedAt < oldest.usedAt)) oldest = node;
        }
        return oldest;
    }

    /// Removes the paths used longest ago until those left have at most `target` bytes, or all are pinned.
    List<Evicted> shrinkTo(long target) {
        var evicted = new ArrayList<Evicted>();
        while (bytes > target) {
            var oldest = oldest();
            if (oldest == null) break;
            evicted.add(remove(oldest));
        }
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
        return new SpoolStatus(paths, bytes, lockedBytes, limits.narBytes());
    }
}
