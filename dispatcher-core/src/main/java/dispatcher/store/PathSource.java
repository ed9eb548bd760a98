package dispatcher.store;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A source of paths that are to be copied elsewhere.
public interface PathSource extends NarReader {
    /// What is known of `path`; empty if this source does not have it.
    Optional<PathInfo> info(StorePath path) throws IOException, InterruptedException;

    /// What is known of those of `paths` that this source has.
    default Map<StorePath, PathInfo> infos(Collection<StorePath> paths) throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        for (var path : paths) info(path).ifPresent(info -> infos.put(path, info));
        return infos;
    }

    /// A receiver did not take what came from here. If the NAR had another hash than announced, it must not come from
    /// here again.
    default void notTaken() {}
}
