package dispatcher.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.util.Collection;
import java.util.OptionalLong;

/// How large the NARs of paths are that have been seen lately, so that it can be guessed what copying them would
/// take without I/O. Bounded; safe for any thread. About 100 bytes a path.
public final class PathSizes {
    private static final int MOST_PATHS = 200_000;

    private final Cache<StorePath, Long> sizes =
            Caffeine.newBuilder().maximumSize(MOST_PATHS).build();

    public void add(Collection<PathInfo> infos) {
        for (var info : infos) add(info.path(), info.narSize());
    }

    public void add(StorePath path, long narSize) {
        if (narSize > 0) sizes.put(path, narSize);
    }

    /// Bytes of its NAR; empty if it has not been seen.
    public OptionalLong of(StorePath path) {
        var size = sizes.getIfPresent(path);
        return size == null ? OptionalLong.empty() : OptionalLong.of(size);
    }
}
