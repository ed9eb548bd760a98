package dispatcher.store.conversation;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.Realisation;
import dispatcher.nix.RealisationId;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// One call to a store, as a value: there is one kind for each operation of [Store].
///
/// @param <T> its answer
public sealed interface StoreCall<T> {
    /// Makes it.
    T on(Store store) throws IOException, InterruptedException;

    /// The same with another receiver of the NAR, if one is asked for.
    default StoreCall<T> into(OutputStream sink) {
        return this;
    }

    /// The same with these instead of the paths that it adds, if it adds any.
    default StoreCall<T> adding(List<NarToAdd> paths) {
        return this;
    }

    /// The answer where there is nothing to report.
    enum Done {
        DONE
    }

    // ---- what the store has

    record ValidPaths(Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            implements StoreCall<SortedSet<StorePath>> {
        @Override
        public SortedSet<StorePath> on(Store store) throws IOException, InterruptedException {
            return store.queryValidPaths(paths, expected, substitute);
        }
    }

    record SubstitutablePaths(Collection<StorePath> paths) implements StoreCall<SortedSet<StorePath>> {
        @Override
        public SortedSet<StorePath> on(Store store) throws IOException, InterruptedException {
            return store.querySubstitutablePaths(paths);
        }
    }

    record AllValidPaths() implements StoreCall<SortedSet<StorePath>> {
        @Override
        public SortedSet<StorePath> on(Store store) throws IOException, InterruptedException {
            return store.queryAllValidPaths();
        }
    }

    record Info(StorePath path) implements StoreCall<Optional<PathInfo>> {
        @Override
        public Optional<PathInfo> on(Store store) throws IOException, InterruptedException {
            return store.queryPathInfo(path);
        }
    }

    record Infos(Collection<StorePath> paths) implements StoreCall<Map<StorePath, PathInfo>> {
        @Override
        public Map<StorePath, PathInfo> on(Store store) throws IOException, InterruptedException {
            return store.queryPathInfos(paths);
        }
    }

    record KnownRealisation(RealisationId id) implements StoreCall<Optional<Realisation>> {
        @Override
        public Optional<Realisation> on(Store store) throws IOException, InterruptedException {
            return store.queryRealisation(id);
        }
    }

    record Nar(StorePath path, Verify verify, OutputStream sink) implements StoreCall<NarSummary> {
        @Override
        public NarSummary on(Store store) throws IOException, InterruptedException {
            return store.narFromPath(path, verify, sink);
        }

        @Override
        public Nar into(OutputStream other) {
            return new Nar(path, verify, other);
        }
    }

    // ---- what it takes

    record Add(List<NarToAdd> paths) implements StoreCall<Done> {
        @Override
        public Done on(Store store) throws IOException, InterruptedException {
            store.addToStore(paths);
            return Done.DONE;
        }

        @Override
        public Add adding(List<NarToAdd> others) {
            return new Add(others);
        }
    }

    record Register(Realisation realisation) implements StoreCall<Done> {
        @Override
        public Done on(Store store) throws IOException, InterruptedException {
            store.registerRealisation(realisation);
            return Done.DONE;
        }
    }

    record FetchPromised() implements StoreCall<Done> {
        @Override
        public Done on(Store store) throws IOException, InterruptedException {
            store.fetchPromised();
            return Done.DONE;
        }
    }

    // ---- what it builds

    record Build(StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            implements StoreCall<BuildResult> {
        @Override
        public BuildResult on(Store store) throws IOException, InterruptedException {
            return store.buildDerivation(drvPath, derivation, options, log);
        }
    }

    record BuildStored(StorePath drvPath, BuildOptions options, BuildLog log) implements StoreCall<BuildResult> {
        @Override
        public BuildResult on(Store store) throws IOException, InterruptedException {
            return store.buildStoredDerivation(drvPath, options, log);
        }
    }
}
