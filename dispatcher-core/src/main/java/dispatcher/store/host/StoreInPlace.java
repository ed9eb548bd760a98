package dispatcher.store.host;

import dispatcher.nix.PathInfo;
import dispatcher.store.ForwardingStore;
import dispatcher.store.Store;
import java.io.IOException;
import java.io.OutputStream;

/// A conversation with the daemon of a store on this host, which also keeps what is asked for; only NARs whose hash is
/// checked elsewhere are made here, as far as the files can be read.
final class StoreInPlace extends ForwardingStore {
    private final StoreFiles files;

    StoreInPlace(Store daemon, StoreFiles files) {
        super(daemon);
        this.files = files;
    }

    @Override
    public long passNar(PathInfo info, OutputStream sink) throws IOException, InterruptedException {
        return files.writeNar(info, sink) ? info.narSize() : super.passNar(info, sink);
    }
}
