package dispatcher.cli.control;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.testkit.Await;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlTest {
    private final CyclicBarrier both = new CyclicBarrier(2);

    @TempDir
    private Path directory;

    private Path socket;
    private ControlServer server;

    @BeforeEach
    void open() throws IOException {
        socket = directory.resolve("state/control.sock");
        server = open(Duration.ofSeconds(30));
    }

    @AfterEach
    void close() {
        server.close();
    }

    private ControlServer open(Duration patience) throws IOException {
        return ControlServer.open(
                socket,
                Map.of(
                        "echo",
                        Fields::members,
                        "meet",
                        request -> {
                            meet();
                            return request.members();
                        },
                        "refuse",
                        _ -> {
                            throw new UserFacingException("what", "why\nand why", "next");
                        },
                        "fail",
                        _ -> {
                            throw new IOException("the disk is gone");
                        },
                        "count",
                        request -> request("echo", "n", new Json.Numeral(Long.toString(request.number("n") + 1)))),
                patience);
    }

    private void meet() throws IOException {
        try {
            both.await(10, SECONDS);
        } catch (Exception e) {
            throw new IOException("nobody came", e);
        }
    }

    private static Json.Members request(String command, String name, Json value) {
        return new Json.Members(Map.of("command", new Json.Text(command), name, value));
    }

    private static Json.Members request(String command) {
        return new Json.Members(Map.of("command", new Json.Text(command)));
    }

    @Test
    void aHandlerAnswersWhatItIsAsked() {
        var answer = ControlClient.ask(socket, request("count", "n", new Json.Numeral("41")))
                .orElseThrow();
        assertThat(answer.number("n")).isEqualTo(42);
    }

    @Test
    void textsOfSeveralLinesStayOnOneLine() {
        var request = request("echo", "text", new Json.Text("a\nb\u2028ü"));
        assertThat(ControlClient.ask(socket, request)).contains(new Fields(request));
    }

    @Test
    void twoAreAnsweredAtOnce() {
        var first = Await.start(() -> ControlClient.ask(socket, request("meet")));
        var second = Await.start(() -> ControlClient.ask(socket, request("meet")));
        assertThat(Await.result(first)).isPresent();
        assertThat(Await.result(second)).isPresent();
    }

    @Test
    void whatAHandlerRefusesIsToldAsItIs() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> ControlClient.ask(socket, request("refuse")))
                .satisfies(e -> assertThat(e)
                        .extracting(UserFacingException::what, UserFacingException::why, UserFacingException::next)
                        .containsExactly("what", "why\nand why", "next"));
    }

    @Test
    void aHandlerThatFailsIsToldWithItsReason() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> ControlClient.ask(socket, request("fail")))
                .withMessageContaining("the disk is gone");
    }

    @Test
    void anUnknownCommandIsToldWithTheNearest() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> ControlClient.ask(socket, request("coumt")))
                .withMessageContaining("it does not know 'coumt'; did you mean 'count'?");
    }

    @Test
    void aWrongMemberIsNamed() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> ControlClient.ask(socket, request("count", "n", new Json.Text("1"))))
                .withMessageContaining("'n' is no whole number");
    }

    @Test
    void garbageIsAnsweredWithAnError() throws IOException {
        assertThat(say("GET / HTTP/1.1\r\n")).contains("\"error\":", "not JSON", "\"next\":");
        assertThat(say("\n")).contains("not JSON");
        assertThat(say("[]\n")).contains("it is no JSON object");
        assertThat(say("{}\n")).contains("'command' is missing");
        assertThat(say("\u00ff\u0000{\n")).contains("not JSON");
        assertThat(say("[".repeat(5000) + "\n")).contains("not JSON");
    }

    @Test
    void aHugeLineIsRefusedBeforeItsEnd() throws IOException {
        assertThat(say("x".repeat((16 << 20) + 1))).contains("it has more than 16777216 bytes");
    }

    /// Sends these bytes, and returns all that comes.
    private String say(String text) throws IOException {
        try (var channel = UnixSocketChannel.connect(socket)) {
            channel.out().write(text.getBytes(StandardCharsets.ISO_8859_1));
            return new String(channel.in().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aSilentClientIsDropped() throws IOException {
        server.close();
        server = open(Duration.ofMillis(50));
        try (var channel = UnixSocketChannel.connect(socket)) {
            channel.out().write("{\"command\":".getBytes(StandardCharsets.UTF_8));
            assertThat(channel.in().read()).isEqualTo(-1);
        }
        assertThat(ControlClient.ask(socket, request("echo"))).isPresent();
    }

    @Test
    void theSocketIsForItsOwnerAndGoesInTheEnd() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        server.close();
        assertThat(socket).doesNotExist();
        assertThat(ControlClient.ask(socket, request("echo"))).isEmpty();
    }

    @Test
    void whatADeadProcessLeftIsReplaced() throws IOException {
        server.close();
        try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        assertThat(ControlClient.ask(socket, request("echo"))).isEmpty();
        server = open(Duration.ofSeconds(30));
        assertThat(ControlClient.ask(socket, request("echo"))).isPresent();
    }

    @Test
    void aLivingOneIsNotReplaced() {
        assertThatIOException()
                .isThrownBy(() -> ControlServer.open(socket, Map.of()))
                .withMessage("another dispatcher listens at " + socket + " already: stop it, or choose another path");
        assertThat(ControlClient.ask(socket, request("echo"))).isPresent();
    }

    @Test
    void aPathThatIsTooLongIsTold() {
        var deep = directory.resolve("d".repeat(100)).resolve("control.sock");
        assertThatIOException()
                .isThrownBy(() -> ControlServer.open(deep, Map.of()))
                .withMessageContaining(deep.toString())
                .withMessageContaining("the path of a unix socket can have 103");
    }

    @Test
    void anAnswerThatIsNotUnderstoodIsAnErrorOfItsOwn() throws IOException {
        server.close();
        for (var line : new String[] {"", "nonsense\n", "{\"error\":1}\n"}) {
            try (var other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                other.bind(UnixDomainSocketAddress.of(socket));
                var asked = Await.start(() -> ControlClient.ask(socket, request("echo")));
                try (var channel = new UnixSocketChannel(other.accept())) {
                    while (channel.in().read() != '\n') Thread.onSpinWait();
                    channel.out().write(line.getBytes(StandardCharsets.UTF_8));
                }
                assertThatExceptionOfType(AssertionError.class)
                        .isThrownBy(() -> Await.result(asked))
                        .withMessageContaining("the dispatcher at " + socket)
                        .withMessageContaining("UserFacingException");
            }
            Files.delete(socket);
        }
    }
}
