package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.util.ArrayList;
import java.util.List;

/// What paths hold, as trusted sources have said. A path may have several contents: a derivation that is
/// built twice does not always give the same.
///
/// Bounded: the paths of least use are forgotten first, and of each the content that was said first. Safe for any
/// thread. About 200 bytes a path.
public final class Fingerprints {
    private static final int MOST_EACH = 4;

    private final Cache<StorePath, List<Fingerprint>> known;

    /// @param most paths
    public Fingerprints(int most) {
        this.known = Caffeine.newBuilder().maximumSize(most).build();
    }

    /// @param info says what the path holds; of no use without the size of its NAR
    /// @return whether that is new
    public boolean add(PathInfo info) {
        return info.narSize() != 0 && add(info.path(), Fingerprint.of(info));
    }

    boolean add(StorePath path, Fingerprint content) {
        var before = of(path);
        if (before.contains(content)) return false;
        known.asMap().merge(path, List.of(content), (all, more) -> plus(all, more.getFirst()));
        return true;
    }

    private static List<Fingerprint> plus(List<Fingerprint> all, Fingerprint more) {
        if (all.contains(more)) return all;
        var contents = new ArrayList<>(all);
        contents.add(more);
        return List.copyOf(contents.subList(Math.max(0, contents.size() - MOST_EACH), contents.size()));
    }

    List<Fingerprint> of(StorePath path) {
        var contents = known.getIfPresent(path);
        return contents == null ? List.of() : contents;
    }

    /// How many contents of `path` are known.
    public int count(StorePath path) {
        return of(path).size();
    }

    /// Whether a trusted source has said the same.
    public boolean agrees(PathInfo info) {
        var contents = of(info.path());
        return !contents.isEmpty() && info.narSize() != 0 && contents.contains(Fingerprint.of(info));
    }
}
