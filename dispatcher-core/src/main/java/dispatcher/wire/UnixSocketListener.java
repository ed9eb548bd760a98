package dispatcher.wire;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes connections at a Unix domain socket, which is there as long as this is open. Safe for any thread.
public final class UnixSocketListener implements AutoCloseable {
    /// What a socket's address holds on macOS, the least of all systems, without the zero byte at the end.
    private static final int MAX_PATH_BYTES = 103;

    private static final int BACKLOG = 1024;

    private static final Logger log = LoggerFactory.getLogger(UnixSocketListener.class);

    private final Path path;
    private final ServerSocketChannel server;

    private UnixSocketListener(Path path, ServerSocketChannel server) {
        this.path = path;
        this.server = server;
    }

    /// Listens at `path`, whose directory is made if missing. What a dead process left there is replaced.
    ///
    /// @param permissions who may connect, such as `rw-rw----`
    /// @throws IOException if the socket cannot be made, or a living process listens there
    public static UnixSocketListener open(Path path, String permissions) throws IOException {
        var fault = pathFault(path);
        if (fault.isPresent()) throw new IOException(fault.get());
        var parent = path.toAbsolutePath().getParent();
        if (parent != null) Files.createDirectories(parent);
        var address = UnixDomainSocketAddress.of(path);
        if (Files.exists(path)) {
            try (var _ = SocketChannel.open(address)) {
                throw new IOException("another dispatcher listens at " + path + " already");
            } catch (ConnectException e) {
                Files.delete(path);
            }
        }
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(address, BACKLOG);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        } catch (IOException e) {
            server.close();
            throw e;
        }
        return new UnixSocketListener(path, server);
    }

    /// Why no socket can have this path, whatever is there; for people.
    public static Optional<String> pathFault(Path path) {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        return bytes <= MAX_PATH_BYTES
                ? Optional.empty()
                : Optional.of("%s has %d bytes; the path of a unix socket can have %d"
                        .formatted(path, bytes, MAX_PATH_BYTES));
    }

    /// Hands each connection to `client`, on a virtual thread of its own, until this is closed. Returns at once.
    ///
    /// @param whose names the threads and is said of connections that cannot be taken, such as `local client`
    /// @param client is to close the connection
    public void serve(String whose, Consumer<UnixSocketChannel> client) {
        Thread.ofPlatform().daemon().name(whose + "s").start(() -> accept(whose, client));
    }

    private void accept(String whose, Consumer<UnixSocketChannel> client) {
        while (server.isOpen()) {
            try {
                var channel = new UnixSocketChannel(server.accept());
                Thread.ofVirtual().name(whose).start(() -> client.accept(channel));
            } catch (IOException e) {
                if (server.isOpen()) log.atWarn().log("cannot accept a {}: {}", whose, e.toString());
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path);
    }
}
