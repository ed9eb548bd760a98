package dispatcher.wire.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class UnixSocketListenerTest {
    @TempDir
    private Path directory;

    private Path path() {
        return directory.resolve("socket");
    }

    private UnixSocketListener open() throws IOException {
        return UnixSocketListener.open(path(), "rw-rw----");
    }

    private void assertRefused(String message) {
        assertThatIOException().isThrownBy(this::open).withMessage(message);
    }

    /// As a process leaves it that is killed.
    private void leaveDeadSocket() throws IOException {
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path()));
        }
    }

    @Test
    void takesConnectionsAndLeavesNothingBehind() throws Exception {
        var taken = new LinkedBlockingQueue<UnixSocketChannel>();
        try (var listener = open()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                    .isEqualTo("rw-rw----");
            assertThat(directory.toFile().list()).containsExactly("socket");
            listener.serve("client", taken::add);
            try (var client = UnixSocketChannel.connect(path());
                    var ours = taken.take()) {
                client.out().write(7);
                assertThat(ours.in().read()).isEqualTo(7);
            }
        }
        assertThat(directory.toFile().list()).isEmpty();
    }

    @Test
    void replacesASocketThatNobodyListensAt() throws IOException {
        leaveDeadSocket();

        try (var _ = open();
                var client = UnixSocketChannel.connect(path())) {
            assertThat(client).isNotNull();
        }
    }

    @Test
    void refusesASocketThatSomebodyListensAt() throws IOException {
        try (var _ = open()) {
            assertRefused(
                    "another dispatcher listens at %s already: stop it, or choose another path".formatted(path()));
            try (var client = UnixSocketChannel.connect(path())) {
                assertThat(client).isNotNull();
            }
        }
    }

    @Test
    void refusesASocketWhoseListenerIsBusy() throws IOException {
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                var first = SocketChannel.open(StandardProtocolFamily.UNIX);
                var second = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path()), 1);
            for (var waiting : new SocketChannel[] {first, second}) {
                waiting.configureBlocking(false);
                waiting.connect(UnixDomainSocketAddress.of(path()));
            }

            assertThatIOException()
                    .isThrownBy(this::open)
                    .withMessageMatching(
                            "the socket .*/socket may be in use \\(.*\\): stop what uses it, or choose another path");
        }
        assertThat(path()).exists();
    }

    @Test
    void leavesAFileAloneThatIsNoSocket() throws IOException {
        Files.writeString(path(), "precious");

        assertRefused(
                "%s is a file and no socket: remove it if it is not needed, or choose another path".formatted(path()));

        assertThat(path()).hasContent("precious");
    }

    @Test
    void leavesADirectoryAlone() throws IOException {
        Files.createDirectory(path());

        assertRefused("%s is a directory and no socket: remove it if it is not needed, or choose another path"
                .formatted(path()));
    }

    @Test
    void leavesASymbolicLinkAloneWhereverItLeads() throws IOException {
        var target = directory.resolve("target");
        for (var prepared : new boolean[] {false, true}) {
            if (prepared) Files.writeString(target, "precious");
            else Files.createSymbolicLink(path(), target);

            assertRefused("%s is a symbolic link and no socket: remove it if it is not needed, or choose another path"
                    .formatted(path()));
        }
        assertThat(target).hasContent("precious");
        assertThat(Files.readSymbolicLink(path())).isEqualTo(target);
    }

    @Test
    void saysWhichPartOfItsDirectoryIsNone() throws IOException {
        var file = Files.writeString(directory.resolve("file"), "");
        var socket = file.resolve("socket");

        assertThatIOException()
                .isThrownBy(() -> UnixSocketListener.open(socket, "rw-------"))
                .withMessage("there can be no socket %s, as %s is no directory", socket, file);
    }

    @Test
    void leavesASocketAloneThatHasTakenThePlaceOfItsOwn() throws IOException {
        try (var _ = open()) {
            Files.delete(path());
            leaveDeadSocket();
        }

        assertThat(Files.exists(path(), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void closingItOnceMoreRemovesNothing() throws IOException {
        var listener = open();
        listener.close();
        leaveDeadSocket();
        listener.close();

        assertThat(Files.exists(path(), LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void listensAtTheLongestPathThereIs() throws IOException {
        int rest = 103 - directory.toString().length() - 3;
        var deep = directory.resolve("d".repeat(rest)).resolve("s");
        assertThat(deep.toString()).hasSize(103);

        try (var _ = UnixSocketListener.open(deep, "rw-------");
                var client = UnixSocketChannel.connect(deep)) {
            assertThat(client).isNotNull();
        }
    }
}
