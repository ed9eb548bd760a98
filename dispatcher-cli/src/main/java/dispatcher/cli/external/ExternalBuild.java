package dispatcher.cli.external;

import dispatcher.nix.BuildResult;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.worker.Trust;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Verify;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// One build for Nix on this host, done by the dispatcher that listens at a socket: a client of it, which puts the
/// outputs where Nix expects them.
///
/// @param machine that the build is to go to; any if empty
record ExternalBuild(Path socket, Optional<String> machine, StoreDir storeDir, Optional<String> searchPath) {
    private static final int BUFFER = 1 << 16;

    /// @return how the build ended; on success the outputs are there
    /// @throws IOException if the dispatcher or the way to it fails
    BuildResult run(BuildDocument document, BuildLog log) throws IOException, InterruptedException {
        var described = DescribedDerivation.of(document, storeDir);
        try (var channel = connect()) {
            if (machine.isPresent())
                channel.out().write(("machine " + machine.get() + "\n").getBytes(StandardCharsets.UTF_8));
            try (var dispatcher = new WorkerClient(channel, storeDir, "the dispatcher")) {
                if (dispatcher.trust() == Trust.NOT_TRUSTED)
                    throw new CannotBuildException(
                            "the dispatcher does not trust user %s, as which Nix runs its builds here; give it a rule with trusted: true under `clients` in the dispatcher's settings"
                                    .formatted(System.getProperty("user.name")));
                var result = dispatcher.buildDerivation(
                        described.drvPath(), described.derivation(), BuildOptions.DEFAULT, log);
                log.flush();
                if (!result.isSuccess()) return result;
                for (var output : described.restore().entrySet())
                    restore(dispatcher, output.getKey(), output.getValue());
                return result;
            }
        }
    }

    private UnixSocketChannel connect() throws IOException {
        try {
            return UnixSocketChannel.connect(socket);
        } catch (IOException e) {
            throw new IOException(
                    "cannot connect to the dispatcher at %s (%s); see that `dispatcher serve` runs, and that user %s may write to its socket"
                            .formatted(socket, e.getMessage(), System.getProperty("user.name")),
                    e);
        }
    }

    private void restore(WorkerClient dispatcher, StorePath built, StorePath expected)
            throws IOException, InterruptedException {
        var info = dispatcher
                .queryPathInfo(built)
                .orElseThrow(
                        () -> new IOException("the dispatcher has built %s and does not have it".formatted(built)));
        var target = Path.of(storeDir.print(expected));
        try (var unpacked = new NixRestore(target, searchPath)) {
            var nar = new BufferedOutputStream(unpacked.nar(), BUFFER);
            dispatcher.narFromPath(built, Verify.HERE, nar).requireSameAs(info, "the dispatcher");
            nar.flush();
            unpacked.finish();
        }
    }
}
