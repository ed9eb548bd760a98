package dispatcher.protocol;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.serve.ServeServer;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// One of our servers on a thread of its own, answering from a fake store: what a client is connected to.
///
/// When the server throws, its message goes to standard error and the conversation ends with status 1, as it
/// does in the product.
public final class RunningServer implements AutoCloseable {
    public static final String PROGRAM_VERSION = "dispatcher 1.2.3";
    private static final long END_SECONDS = 10;

    private final MemoryConnection connection = new MemoryConnection();
    private final CompletableFuture<Optional<Exception>> end = new CompletableFuture<>();
    private final Thread thread;

    private interface Conversing {
        void run() throws IOException, InterruptedException;
    }

    private RunningServer(String name, FakeStore store, java.util.function.Function<RunningServer, Conversing> server) {
        var conversing = server.apply(this);
        thread = Thread.ofVirtual().name(name).start(() -> {
            Optional<Exception> thrown = Optional.empty();
            try (store) {
                conversing.run();
            } catch (IOException | InterruptedException | RuntimeException e) {
                thrown = Optional.of(e);
                sayQuietly(connection.err(), String.valueOf(e.getMessage()));
            }
            connection.exit(thrown.isEmpty() ? 0 : 1);
            end.complete(thrown);
        });
    }

    private static void sayQuietly(OutputStream err, String text) {
        try {
            err.write((text + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // The client has gone: nobody reads it.
        }
    }

    public static RunningServer worker(FakeStore store) {
        return new RunningServer(
                "worker server",
                store,
                server -> () -> new WorkerServer(
                                server.reader(), server.writer(), store, StoreDir.NIX_STORE, PROGRAM_VERSION)
                        .run());
    }

    public static RunningServer serve(FakeStore store) {
        return new RunningServer(
                "serve server",
                store,
                server -> () -> new ServeServer(
                                server.reader(), server.writer(), server.connection.err(), store, StoreDir.NIX_STORE)
                        .run());
    }

    private WireReader reader() {
        return new WireReader(connection.in());
    }

    private WireWriter writer() {
        return new WireWriter(connection.out());
    }

    /// The client's end.
    public CommandChannel channel() {
        return connection.channel();
    }

    /// The client goes.
    public void hangUp() {
        channel().close();
    }

    /// Waits until the server has nothing more to do than to wait for its client, or has ended.
    public void awaitIdle() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
        while (thread.isAlive() && (connection.in().available() > 0 || thread.getState() != Thread.State.WAITING)) {
            if (System.nanoTime() > deadline) throw new AssertionError("the server is still at work");
            LockSupport.parkNanos(100_000);
        }
    }

    /// Waits until the server has ended.
    ///
    /// @return what it threw, if it threw anything
    public Optional<Exception> awaitEnd() throws InterruptedException {
        try {
            return end.get(END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the server is still at work", e);
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
