package dispatcher.store;

import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// What a store has: which of these paths, what it knows of them, and their NARs.
///
/// Each method blocks. It throws [StoreRefusedException] if the store says no and may be asked further.
public interface StoreReader extends NarReader {
    /// Which of `paths` the store has.
    ///
    /// @param substitute whether it may first fetch what it lacks from its own substituters
    default SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        return queryValidPaths(paths, _ -> true, substitute);
    }

    /// The same for paths of which the store is not `expected` to have some: it may cost less to ask for those,
    /// unless the store has them after all.
    SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException;

    /// Which of `paths` the store could fetch from its own substituters, as far as it knows.
    default SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return Collections.emptySortedSet();
    }

    /// All that the store has, which may be much.
    SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException;

    /// What the store knows of `path`; empty if it does not have it.
    Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException;

    /// What the store knows of those of `paths` that it has, in about one round trip if it can.
    default Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        for (var path : paths) queryPathInfo(path).ifPresent(info -> infos.put(path, info));
        return infos;
    }

    /// Which path an output of a derivation has, as the store knows it; empty if it does not, or that path is not
    /// there.
    default Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        return Optional.empty();
    }
}
