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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// A conversation that is another one but for what a subclass has otherwise.
public abstract class ForwardingStore implements Store {
    private final Store store;

    protected ForwardingStore(Store store) {
        this.store = store;
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        return store.queryValidPaths(paths, expected, substitute);
    }

    @Override
    public void fetchPromised() throws IOException, InterruptedException {
        store.fetchPromised();
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return store.querySubstitutablePaths(paths);
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return store.queryPathInfo(path);
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return store.queryPathInfos(paths);
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
        return store.queryAllValidPaths();
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        store.addToStore(paths);
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return store.narFromPath(path, verify, sink);
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return store.buildDerivation(drvPath, derivation, options, log);
    }

    @Override
    public BuildResult buildStoredDerivation(StorePath drvPath, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return store.buildStoredDerivation(drvPath, options, log);
    }

    @Override
    public Optional<Realisation> queryRealisation(RealisationId id) throws IOException, InterruptedException {
        return store.queryRealisation(id);
    }

    @Override
    public void registerRealisation(Realisation realisation) throws IOException, InterruptedException {
        store.registerRealisation(realisation);
    }

    @Override
    public void close() {
        store.close();
    }
}
