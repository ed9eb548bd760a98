package dispatcher.session;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.nix.key.NixSecretKey;
import dispatcher.store.Store;
import dispatcher.store.conversation.GuardedStore;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Puts our signature under what was built in a conversation, where its client asks about it. What clients have
/// sent is theirs to sign, wherever it is by now. Confined to the conversation's thread.
final class SigningStore extends GuardedStore {
    private final StoreDir storeDir;
    private final NixSecretKey key;
    private final ClientSession session;

    /// @param store   the session, or what stands before it
    /// @param session knows what was built
    SigningStore(Store store, ClientSession session, StoreDir storeDir, NixSecretKey key) {
        super(store);
        this.session = session;
        this.storeDir = storeDir;
        this.key = key;
    }

    private PathInfo signed(PathInfo info) {
        return session.hasBuilt(info.path()) && info.narSize() != 0 ? key.sign(info, storeDir) : info;
    }

    @Override
    public Optional<PathInfo> queryPathInfo(StorePath path) throws IOException, InterruptedException {
        return super.queryPathInfo(path).map(this::signed);
    }

    @Override
    public Map<StorePath, PathInfo> queryPathInfos(Collection<StorePath> paths)
            throws IOException, InterruptedException {
        var infos = new HashMap<>(super.queryPathInfos(paths));
        infos.replaceAll((_, info) -> signed(info));
        return infos;
    }
}
