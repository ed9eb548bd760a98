package dispatcher.dispatch;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.NixSecretKey;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.NarToAdd;
import dispatcher.store.Store;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;

/// Puts our signature under what was built in a conversation, where its client asks about it. What clients have sent is
/// theirs to sign, whoever holds it by now. Confined to the conversation's thread.
final class SigningStore implements Store {
    private final Store store;
    private final StoreDir storeDir;
    private final NixSecretKey key;
    private final FleetSession session;

    /// @param store   the session, or what stands before it
    /// @param session knows what was built
    SigningStore(Store store, FleetSession session, StoreDir storeDir, NixSecretKey key) {
        this.store = store;
        this.session = session;
        this.storeDir = storeDir;
        this.key = key;
    }

    private PathInfo signed(PathInfo info) {
        return session.hasBuilt(info.path()) && info.narSize() != 0 ? key.sign(info, storeDir) : info;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return store.queryPathInfo(path).map(this::signed);
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var infos = new HashMap<>(store.queryPathInfos(paths));
        infos.replaceAll((_, info) -> signed(info));
        return infos;
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
    public SortedSet<StorePath> queryValidPaths(Collection<StorePath> paths, boolean substitute)
            throws IOException, InterruptedException {
        return store.queryValidPaths(paths, substitute);
    }

    @Override
    public SortedSet<StorePath> querySubstitutablePaths(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        return store.querySubstitutablePaths(paths);
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
    public NarSummary narFromPath(StorePath path, OutputStream sink) throws IOException, InterruptedException {
        return store.narFromPath(path, sink);
    }

    @Override
    public long passNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        return store.passNar(info, sink);
    }

    @Override
    public void close() {
        store.close();
    }
}
