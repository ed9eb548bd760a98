package dispatcher.testkit;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
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
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Predicate;

/// A store that does its work and reports something else. Its reports are true unless a method is overridden.
public class Liar implements Store {
    private final Store truth;

    public Liar(Store truth) {
        this.truth = truth;
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(
            Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute)
            throws IOException, InterruptedException {
        return truth.queryValidPaths(paths, expected, substitute);
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return truth.querySubstitutablePaths(paths);
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return truth.queryPathInfo(path);
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
        return truth.queryAllValidPaths();
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        truth.addToStore(paths);
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return truth.narFromPath(path, verify, sink);
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return truth.buildDerivation(drvPath, derivation, options, log);
    }

    @Override
    public void close() {
        truth.close();
    }
}
