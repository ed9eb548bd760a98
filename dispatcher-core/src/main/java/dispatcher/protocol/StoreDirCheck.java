package dispatcher.protocol;

import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.HandshakeException.Kind;
import dispatcher.store.StoreReader;
import dispatcher.store.StoreRefusedException;
import java.io.IOException;
import java.util.List;

/// Finds out whether a machine's store has its paths in the same directory as ours. No greeting says this, and a
/// machine with another directory refuses every path that it is asked for.
public final class StoreDirCheck {
    private static final StorePath PROBE = StorePath.of("0".repeat(32), "dispatcher-probe");

    /// Source: Nix 2.3 to 2.34, `StoreDirConfig::parseStorePath`.
    private static final String REFUSAL = "is not in the Nix store";

    private StoreDirCheck() {}

    /// Asks a new conversation about a path that no store has.
    ///
    /// @param peer the far end's name, for messages
    /// @throws HandshakeException if the store has another directory
    /// @throws IOException        if the conversation broke
    public static void require(StoreReader store, StoreDir storeDir, String peer)
            throws IOException, InterruptedException {
        try {
            var _ = store.queryValidPaths(List.of(PROBE), _ -> false, false);
        } catch (IOException e) {
            var message = String.valueOf(e.getMessage());
            if (message.contains(REFUSAL))
                throw new HandshakeException(
                        Kind.OTHER_STORE,
                        "the store of %s is not in %s, so that nothing can be built for us there: %s"
                                .formatted(peer, storeDir, HandshakeFailures.shortened(message)),
                        "see `store` in its nix.conf, and NIX_STORE_DIR of its nix-daemon; a machine that is to keep another store must be left out of the settings");
            // It answers, if in its own way.
            if (!(e instanceof StoreRefusedException)) throw e;
        }
    }
}
