package dispatcher.wire.socket;

import dispatcher.thread.SteadyThread;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes connections at a Unix domain socket, which is there as long as this is open. Safe for any thread.
public final class UnixSocketListener implements AutoCloseable {
    private static final int BACKLOG = 1024;

    private static final Logger log = LoggerFactory.getLogger(UnixSocketListener.class);

    private final SocketFile file;
    private final ServerSocketChannel server;
    private final CountDownLatch closed = new CountDownLatch(1);

    private UnixSocketListener(SocketFile file, ServerSocketChannel server) {
        this.file = file;
        this.server = server;
    }

    /// Listens at `path`, whose directory is made if missing. A socket that a dead process left there is
    /// replaced, and nothing else.
    ///
    /// @param permissions who may connect, such as `rw-rw----`
    /// @throws IOException if the socket cannot be made, or something else is there; says what to do
    public static UnixSocketListener open(Path path, String permissions) throws IOException {
        var fault = UnixSocketChannel.pathFault(path);
        if (fault.isPresent()) throw new IOException(fault.get());
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            var file = SocketFile.bind(server, path, BACKLOG, PosixFilePermissions.fromString(permissions));
            return new UnixSocketListener(file, server);
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /// Hands each connection to `client`, on a virtual thread of its own, until this is closed. Returns at once.
    ///
    /// @param whose names the threads and is said of connections that cannot be taken, such as `local client`
    /// @param client is to close the connection
    public void serve(String whose, Consumer<UnixSocketChannel> client) {
        var loop = new AcceptLoop<>(
                whose,
                new Connections(),
                channel -> Thread.ofVirtual().name(whose).start(() -> client.accept(channel)),
                log,
                System::nanoTime);
        SteadyThread.unstarted(Thread.ofPlatform().daemon(), whose + "s", () -> {
                    loop.run();
                    return false;
                })
                .start();
    }

    private final class Connections implements AcceptLoop.Source<UnixSocketChannel> {
        @Override
        public UnixSocketChannel accept() throws IOException {
            return new UnixSocketChannel(server.accept());
        }

        @Override
        public boolean isOpen() {
            return server.isOpen();
        }

        @Override
        public void pause(Duration time) throws InterruptedException {
            var _ = closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /// Takes no more connections and removes the socket, if it is still ours.
    @Override
    public void close() throws IOException {
        closed.countDown();
        try (server) {
            if (server.isOpen()) file.remove();
        }
    }
}
