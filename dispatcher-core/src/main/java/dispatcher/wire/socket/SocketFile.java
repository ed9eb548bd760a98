package dispatcher.wire.socket;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The name of a Unix domain socket of ours. Nothing is ever removed for it, and nothing with it, but a socket that
/// nobody listens at, and our own. Confined to one thread at a time.
final class SocketFile {
    private static final Logger log = LoggerFactory.getLogger(UnixSocketListener.class);
    private static final int TYPE = 0170000;
    private static final int SOCKET = 0140000;
    private static final int STICKY_OR_OTHERS_WRITE = 01002;
    private static final int OTHERS_WRITE = 02;
    private static final String NAMES = "0123456789abcdefghijklmnopqrstuvwxyz";

    private final Path path;
    private final Object identity;

    private SocketFile(Path path, Object identity) {
        this.path = path;
        this.identity = identity;
    }

    /// Has `server` listen at `path`, whose directory is made if missing. The name appears when the socket has its
    /// permissions: it is made in a directory of its own first.
    ///
    /// @throws IOException if something else is there, or the socket cannot be made; says what to do
    static SocketFile bind(ServerSocketChannel server, Path path, int backlog, Set<PosixFilePermission> permissions)
            throws IOException {
        prepareDirectory(path);
        clear(path);
        var room = makeRoom(path);
        var draft = room.resolve("s");
        try {
            server.bind(UnixDomainSocketAddress.of(draft), backlog);
            Files.setPosixFilePermissions(draft, permissions);
            var file = new SocketFile(path, identity(draft));
            // Unlike a move, it replaces nothing.
            Files.createLink(path, draft);
            return file;
        } catch (FileAlreadyExistsException e) {
            throw new IOException("another process has just made " + path + ": stop it, or choose another path", e);
        } finally {
            Files.deleteIfExists(draft);
            Files.delete(room);
        }
    }

    private static void prepareDirectory(Path path) throws IOException {
        var directory = path.toAbsolutePath().getParent();
        if (directory == null) throw new IOException(path + " cannot be the path of a socket");
        try {
            Files.createDirectories(directory);
        } catch (FileAlreadyExistsException e) {
            throw new IOException("there can be no socket %s, as %s is no directory".formatted(path, e.getFile()), e);
        }
        if ((mode(directory.toRealPath()) & STICKY_OR_OTHERS_WRITE) == OTHERS_WRITE)
            log.atWarn()
                    .addKeyValue("directory", directory)
                    .log(
                            "everybody can write to the directory of the socket {}, and so put another in its place",
                            path);
    }

    /// As short as can be, since the path of a socket is.
    private static Path makeRoom(Path path) throws IOException {
        var onlyOurs = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        for (int i = 0; i < NAMES.length(); i++) {
            try {
                return Files.createDirectory(path.resolveSibling("." + NAMES.charAt(i)), onlyOurs);
            } catch (FileAlreadyExistsException e) {
                // Somebody else's, or left by a process that was killed.
            }
        }
        throw new IOException(
                "there are too many files beside %s whose names are a dot and one letter or digit: remove them"
                        .formatted(path));
    }

    private static void clear(Path path) throws IOException {
        Object there;
        try {
            if ((mode(path) & TYPE) != SOCKET)
                throw new IOException("%s is %s and no socket: remove it if it is not needed, or choose another path"
                        .formatted(path, kind(path)));
            there = identity(path);
        } catch (NoSuchFileException e) {
            return;
        }
        if (isListenedAt(path))
            throw new IOException(
                    "another dispatcher listens at %s already: stop it, or choose another path".formatted(path));
        if (there.equals(identity(path))) Files.delete(path);
    }

    /// Does not wait, even if many connections wait there.
    private static boolean isListenedAt(Path path) throws IOException {
        try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.configureBlocking(false);
            var _ = probe.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            throw new IOException(
                    "the socket %s may be in use (%s): stop what uses it, or choose another path"
                            .formatted(path, e.getMessage()),
                    e);
        }
    }

    private static String kind(Path path) throws IOException {
        var attributes = attributes(path);
        if (attributes.isSymbolicLink()) return "a symbolic link";
        if (attributes.isDirectory()) return "a directory";
        return attributes.isRegularFile() ? "a file" : "a device or pipe";
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    }

    /// The same for all names of one file, and for no other file while that exists.
    private static Object identity(Path path) throws IOException {
        return Objects.requireNonNull(attributes(path).fileKey());
    }

    private static BasicFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    /// Removes the name, unless it is another socket's by now. To be called while ours is still open, as long as
    /// which no other file can be taken for it.
    void remove() throws IOException {
        try {
            if (identity.equals(identity(path))) Files.delete(path);
        } catch (NoSuchFileException e) {
            // Somebody else removed it.
        }
    }
}
