package dispatcher.store.host;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/// A conversation with the daemon of a store on this host, which also keeps what is asked for; only NARs whose hash is
/// checked elsewhere are made here, as far as the files can be read.
final class StoreInPlace implements Store {
    private final Store daemon;
    private final StoreFiles files;

    StoreInPlace(Store daemon, StoreFiles files) {
        this.daemon = daemon;
        this.files = files;
    }

    @Override
    public long passNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        return files.writeNar(info, sink) ? info.narSize() : daemon.passNar(info, sink);
    }

    @Override
    public SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        return daemon.queryValidPaths(paths, substitute);
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return daemon.querySubstitutablePaths(paths);
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return daemon.queryPathInfo(path);
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return daemon.queryPathInfos(paths);
    }

    @Override
    public SortedSet<StorePath> queryAllValidPaths() throws IOException, InterruptedException {
        return daemon.queryAllValidPaths();
    }

    @Override
    public void addToStore(List<NarToAdd> paths) throws IOException, InterruptedException {
        daemon.addToStore(paths);
    }

    @Override
    public NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        return daemon.narFromPath(path, sink);
    }

    @Override
    public BuildResult buildDerivation(
            StorePath drvPath, BasicDerivation derivation, BuildOptions options, BuildLog log)
            throws IOException, InterruptedException {
        return daemon.buildDerivation(drvPath, derivation, options, log);
    }

    @Override
    public void close() {
        daemon.close();
    }
}
