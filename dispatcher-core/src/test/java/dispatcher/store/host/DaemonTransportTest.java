package dispatcher.store.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.wire.UnreachableException;
import dispatcher.wire.socket.UnixSocketChannel;
import dispatcher.wire.socket.UnixSocketListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DaemonTransportTest {
    @TempDir
    private Path temp;

    private Path socket() {
        return temp.resolve("s");
    }

    private static void greet(UnixSocketChannel client) {
        try (client) {
            client.out().write("daemon".getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // A client that only looks whether it answers does not read.
        }
    }

    @Test
    void conversationsGoToTheSocketAndAllElseIsAProcessOfOurs() throws Exception {
        try (var listener = UnixSocketListener.open(socket(), "rw-rw----");
                var transport = new DaemonTransport(socket())) {
            listener.serve("daemon", DaemonTransportTest::greet);
            try (var daemon = transport.open("nix-daemon --stdio");
                    var shell = transport.open("echo shell")) {
                assertThat(daemon.in().readAllBytes()).asString().isEqualTo("daemon");
                assertThat(shell.in().readAllBytes()).asString().isEqualTo("shell\n");
            }
            assertThat(transport.answers(Duration.ofSeconds(1))).isTrue();
        }
    }

    @Test
    void daemonThatIsNotThereIsNamedWithWhatToDo() throws Exception {
        try (var transport = new DaemonTransport(socket())) {
            assertThatExceptionOfType(UnreachableException.class)
                    .isThrownBy(() -> transport.open("nix-daemon --stdio"))
                    .withMessage(
                            "cannot connect to this host's Nix daemon at %s: there is no such socket, or it is hidden from the dispatcher"
                                    .formatted(socket()))
                    .satisfies(e -> assertThat(e.nextStep()).contains("start nix-daemon"));
            assertThat(transport.answers(Duration.ofSeconds(1))).isFalse();
            Files.createFile(socket());
            assertThatExceptionOfType(UnreachableException.class)
                    .isThrownBy(() -> transport.open("nix-daemon --stdio"))
                    .withMessageContaining("cannot connect to this host's Nix daemon");
        }
    }
}
