package dispatcher.session.rights;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dispatcher.nix.NarHash;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;

/// What isolated clients have uploaded and built lately, in any conversation, and so may see. What is forgotten is
/// uploaded or built once more. Bounded; safe for any thread.
public final class Grants {
    private static final int MOST_PATHS = 200_000;

    private final Cache<Key, NarHash> uploads =
            Caffeine.newBuilder().maximumSize(MOST_PATHS).build();
    private final Cache<Key, Boolean> builds =
            Caffeine.newBuilder().maximumSize(MOST_PATHS).build();

    private record Key(String credential, StorePath path) {}

    void uploaded(String credential, PathInfo info) {
        uploads.put(new Key(credential, info.path()), info.narHash());
    }

    /// Whether it has uploaded this path, with that content.
    boolean hasUploaded(String credential, PathInfo info) {
        return info.narHash().equals(uploads.getIfPresent(new Key(credential, info.path())));
    }

    void built(String credential, StorePath output) {
        builds.put(new Key(credential, output), true);
    }

    boolean hasBuilt(String credential, StorePath output) {
        return builds.getIfPresent(new Key(credential, output)) != null;
    }
}
