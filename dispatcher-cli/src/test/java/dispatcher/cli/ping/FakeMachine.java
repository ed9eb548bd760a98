package dispatcher.cli.ping;

import dispatcher.machine.probe.Probe;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.serve.ServeServer;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// A machine in memory, reached without SSH.
class FakeMachine implements Transport {
    static final String ANSWER = """
            Welcome to arm-1!

            @@dispatcher-cores
            8

            @@dispatcher-disk
            Filesystem     1024-blocks      Used Available Capacity Mounted on
            /dev/vda1         41152736  20000000  21000000      49% /

            @@dispatcher-login
            nix

            @@dispatcher-groups
            nix builders

            @@dispatcher-version
            nix-store (Nix) 2.31.1

            @@dispatcher-config
            extra-platforms = armv7l-linux
            system = aarch64-linux
            system-features = benchmark big-parallel nixos-test
            trusted-users = root @builders

            @@dispatcher-end
            """;

    /// What it answers to the probe; nothing, like an account that may run nothing but Nix, by default.
    String facts = "";

    /// What runs for a command; returns its exit status.
    interface Program {
        int run(MemoryConnection streams) throws IOException, InterruptedException;
    }

    @Override
    public CommandChannel open(String command) throws IOException, InterruptedException {
        return switch (command) {
            case "nix-daemon --stdio" -> start(this::daemon);
            case "nix-store --serve --write" -> start(this::serve);
            case Probe.COMMAND -> start(this::shell);
            default -> throw new AssertionError(command);
        };
    }

    private static CommandChannel start(Program program) {
        var connection = new MemoryConnection();
        Thread.ofVirtual().start(() -> {
            int status = 1;
            try {
                status = program.run(connection);
            } catch (StoreRefusedException e) {
                say(connection, "error: " + e.getMessage());
            } catch (IOException e) {
                // The client is gone.
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            } finally {
                connection.exit(status);
            }
        });
        return connection.channel();
    }

    FakeStore store() {
        return new FakeStore();
    }

    int daemon(MemoryConnection streams) throws IOException, InterruptedException {
        new WorkerServer(
                        new WireReader(streams.in()),
                        new WireWriter(streams.out()),
                        store(),
                        StoreDir.NIX_STORE,
                        "2.99")
                .run();
        return 0;
    }

    int serve(MemoryConnection streams) throws IOException, InterruptedException {
        new ServeServer(
                        new WireReader(streams.in()),
                        new WireWriter(streams.out()),
                        streams.err(),
                        store(),
                        StoreDir.NIX_STORE)
                .run();
        return 0;
    }

    int shell(MemoryConnection streams) throws IOException, InterruptedException {
        streams.in().readAllBytes();
        write(streams, facts);
        return 0;
    }

    /// The last words of a program that speaks the serve protocol.
    private static void say(MemoryConnection streams, String words) {
        try {
            streams.err().write((words + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void write(MemoryConnection streams, String text) {
        try {
            streams.out().write(text.getBytes(StandardCharsets.UTF_8));
            streams.out().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {}
}
