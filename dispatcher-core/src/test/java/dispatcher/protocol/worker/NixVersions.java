package dispatcher.protocol.worker;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.store.Store;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.Set;

/// Both ends of the worker protocol as they are in other versions of Nix than the newest.
public final class NixVersions {
    private static final WorkerHandshake WITHOUT_FEATURES = new WorkerHandshake(new ProtocolVersion(1, 38), Set.of());

    private NixVersions() {}

    /// A client of Nix 2.24 to 2.34, which has no features.
    public static WorkerClient clientOf234(CommandChannel channel, String peer) throws IOException {
        return new WorkerClient(channel, StoreDir.NIX_STORE, peer, WITHOUT_FEATURES);
    }

    /// A daemon of Nix 2.24 to 2.34, which has no features.
    public static WorkerServer serverOf234(WireReader in, WireWriter out, Store store) throws IOException {
        return new WorkerServer(
                in, out, store, StoreDir.NIX_STORE, new DaemonInfo("2.34.8", Trust.TRUSTED), WITHOUT_FEATURES);
    }
}
