package dispatcher.store.host;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.Store;
import dispatcher.store.conversation.StorePool;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProcessChannel;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/// Finds the host's own Nix store, so that the paths of a local client need not be copied to us first.
///
/// It is asked in the worker protocol: through the Nix daemon's socket where a daemon listens, and otherwise by a
/// `nix-daemon --stdio` of our own. Its paths are then read from its files if they can be read here
/// ([StoreFiles]).
public final class HostStore {
    private static final String DAEMON = "nix-daemon";

    private HostStore() {}

    /// Conversations with the host's store; empty if the host has none.
    ///
    /// @param searchPath as in the environment variable `PATH`
    public static Optional<StorePool> find(StoreDir storeDir, String searchPath, LongSupplier nanoTime) {
        if (Files.exists(DaemonTransport.DEFAULT_SOCKET))
            return Optional.of(at(DaemonTransport.DEFAULT_SOCKET, storeDir, nanoTime));
        if (!Files.isDirectory(Path.of(storeDir.path()))) return Optional.empty();
        for (var directory : searchPath.split(File.pathSeparator, -1)) {
            var program = Path.of(directory, DAEMON);
            if (directory.isEmpty() || !Files.isExecutable(program)) continue;
            var command = List.of(program.toString(), "--stdio");
            var files = StoreFiles.in(Path.of(storeDir.path()));
            return Optional.of(pool(() -> ProcessChannel.start(command), () -> files, storeDir, nanoTime));
        }
        return Optional.empty();
    }

    /// Conversations with the Nix daemon that listens at `socket`.
    public static StorePool at(Path socket, StoreDir storeDir, LongSupplier nanoTime) {
        return pool(new DaemonTransport(socket)::connect, () -> StoreFiles.beside(socket), storeDir, nanoTime);
    }

    private interface Connector {
        CommandChannel connect() throws IOException;
    }

    private static StorePool pool(
            Connector connector, Supplier<Optional<StoreFiles>> files, StoreDir storeDir, LongSupplier nanoTime) {
        return new StorePool(
                () -> {
                    var channel = connector.connect();
                    try {
                        var daemon = new WorkerClient(channel, storeDir, "the host's own Nix store");
                        return files.get()
                                .<Store>map(found -> new StoreInPlace(daemon, found))
                                .orElse(daemon);
                    } catch (IOException e) {
                        channel.close();
                        throw e;
                    }
                },
                nanoTime);
    }
}
