package dispatcher.store.host;

import dispatcher.nix.StorePath;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.io.OutputStream;

/// A conversation with the daemon of a store on this host, which also keeps what is asked for; only NARs whose
/// hash is checked elsewhere are made here, as far as the files can be read.
final class StoreInPlace extends GuardedStore {
    private final StoreFiles files;

    StoreInPlace(Store daemon, StoreFiles files) {
        super(daemon);
        this.files = files;
    }

    @Override
    public NarSummary narFromPath(StorePath path, Verify verify, OutputStream sink)
            throws IOException, InterruptedException {
        return verify instanceof Verify.ByReceiver(var expected) && files.writeNar(expected, sink)
                ? new NarSummary(expected.narHash(), expected.narSize())
                : super.narFromPath(path, verify, sink);
    }
}
