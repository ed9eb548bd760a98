package dispatcher.store;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// A conversation with a Nix store: which of these paths do you have, take a NAR, hand one out, build a derivation.
///
/// A machine, the coordinator's own store and the whole fleet are all reached through it, so whoever answers a
/// client needs not know which. A conversation is confined to one thread. What was asked for, added or built
/// through it is not garbage-collected by that store before [#close], as far as the store can promise that.
///
/// Each method blocks. It throws [StoreRefusedException] if the store says no and the conversation can go on;
/// after any other [IOException] the conversation is over.
public interface Store extends AutoCloseable {
    /// Which of `paths` the store has.
    ///
    /// @param substitute whether it may first fetch what it lacks from its own substituters
    default SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        return queryValidPaths(paths, _ -> true, substitute);
    }

    /// The same for paths of which the store is not `expected` to have some: it may cost less to ask for those, unless
    /// the store has them after all.
    SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException;

    /// Has that be there which [#queryValidPaths] called valid because it can be fetched. For clients that copy
    /// paths and have nothing built, for which it would be fetched.
    ///
    /// @throws StoreRefusedException if some of it is not there; it is not called valid a second time
    default void fetchPromised() throws IOException, InterruptedException {}

    /// Which of `paths` the store could fetch from its own substituters, as far as it can tell.
    default SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return Collections.emptySortedSet();
    }

    /// What the store knows of `path`; empty if it does not have it.
    Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException;

    /// What the store knows of those of `paths` that it has, in about one round trip if it can.
    default Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var infos = new HashMap<StorePath, PathInfo>();
        for (var path : paths) queryPathInfo(path).ifPresent(info -> infos.put(path, info));
        return infos;
    }

    /// All that the store has, which may be much.
    SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException;

    /// Adds paths, each after those it refers to. All of them are valid when this returns; if it throws, those
    /// before the one at fault may be.
    void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException;

    /// Writes the NAR of a path to `sink` as it arrives, checked to be a NAR, and tells what it was. The caller
    /// compares that with what it expected. If it throws, `sink` may have got a part.
    NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException;

    /// Writes the NAR of a path to `sink` as it arrives, for a receiver that compares its hash by itself: here it is
    /// at most checked to be a NAR.
    ///
    /// @param info what the store has told of the path
    /// @return how many bytes it had
    default long passNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        return narFromPath(info.path(), sink).size();
    }

    /// Builds a derivation whose inputs the store has. A build that fails is a result; an exception says that
    /// the store could not do its part.
    BuildResult buildDerivation(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException;

    /// Builds a derivation whose `.drv` file the store has, with all that it refers to. Otherwise like
    /// [#buildDerivation].
    default BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        throw new StoreRefusedException("this store builds no derivation by the path of its .drv file");
    }

    /// Which path an output of a derivation has, as the store knows it; empty if it does not, or that path is not
    /// there.
    default Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        return Optional.empty();
    }

    /// Has the store know which path an output has, which must be there.
    default void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        throw new StoreRefusedException("this store keeps no realisations");
    }

    /// Ends the conversation; the store may forget its pins.
    @Override
    void close();
}
