package dispatcher.store.spool;

import dispatcher.nix.ContentAddress;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.StorePath;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A name that is in use: it is there, a path that is there refers to it, or it is pinned. Changed
/// by the index alone.
final class SpoolNode extends SpoolRing {
    /// About, with all objects that it consists of, and its place in the index.
    private static final long NODE_BYTES = 200;

    private static final int CONTENT_BYTES = 400;
    private static final int TEXT_BYTES = 72;

    final StorePath path;

    /// Its number in the index, which another node may have after this one.
    final int slot;

    int referrers;
    int pins;
    long savedAt;

    /// The order of use.
    long usedAt;

    @Nullable
    Content content;

    /// None unless it is there.
    List<Realisation> realisations = List.of();

    SpoolNode(StorePath path, int slot) {
        this.path = path;
        this.slot = slot;
    }

    /// A NAR, as long as it is there; identity matters, since one of the same hash may come later.
    static final class Nar {
        final NarHash hash;
        final long size;
        final int crc32c;
        int users;
        int locks;

        Nar(NarHash hash, long size, int crc32c) {
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

    record Content(
            Nar nar,
            SpoolOwner owner,
            List<SpoolNode> references,
            @Nullable StorePath deriver,
            List<String> signatures,
            @Nullable ContentAddress contentAddress,
            long indexBytes) {}

    boolean isOfUse() {
        return content != null || referrers > 0 || pins > 0;
    }

    /// Memory for a name.
    static long weight(StorePath path) {
        return NODE_BYTES + path.baseName().length();
    }

    /// Memory for a path that is there, with its name but without those that it refers to.
    static long weight(PathInfo info) {
        long bytes =
                CONTENT_BYTES + weight(info.path()) + 8L * info.references().size();
        for (var signature : info.signatures()) bytes += TEXT_BYTES + signature.length();
        if (info.deriver().isPresent())
            bytes += TEXT_BYTES + info.deriver().get().baseName().length();
        if (info.contentAddress().isPresent()) bytes += 2L * TEXT_BYTES;
        return bytes;
    }

    /// The most that it can take, with names that were not used before.
    static long largestWeight(PathInfo info) {
        long bytes = weight(info);
        for (var reference : info.references()) bytes += weight(reference);
        return bytes;
    }
}
