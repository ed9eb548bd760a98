package dispatcher.cli.api.http;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.cli.api.UnknownThingException;
import dispatcher.cli.terminal.UserFacingException;
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
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiServerTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final String API = "/api/v1/";

    private final CyclicBarrier both = new CyclicBarrier(2);

    @TempDir
    private Path directory;

    private Path socket;
    private ApiServer server;

    private record Echo(String text) {}

    private record Count(long n) {}

    private record Wrong(String n) {}

    @BeforeEach
    void open() throws IOException {
        socket = directory.resolve("state/control.sock");
        server = open(LONG);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private ApiServer open(Duration patience) throws IOException {
        return ApiServer.open(
                socket,
                List.of(
                        Endpoint.post(API + "echo", request -> request.body(Echo.class)),
                        Endpoint.get(
                                API + "greet",
                                request -> new Echo(request.parameter("name").orElse("nobody"))),
                        Endpoint.get(API + "large", _ -> new Echo("x".repeat(16 << 20))),
                        Endpoint.get(API + "meet", _ -> {
                            meet();
                            return new Echo("met");
                        }),
                        Endpoint.post(API + "refuse", _ -> {
                            throw new UserFacingException("what", "why\nand why", "next");
                        }),
                        Endpoint.get(API + "nothing", _ -> {
                            throw new UnknownThingException("there is no such thing", "never was", "look");
                        }),
                        Endpoint.get(API + "fail", _ -> {
                            throw new IOException("the disk is gone");
                        }),
                        Endpoint.get(API + "bug", _ -> {
                            throw new IllegalStateException("a bug");
                        }),
                        Endpoint.post(
                                API + "count",
                                request -> new Count(request.body(Count.class).n() + 1))),
                patience);
    }

    private void meet() throws IOException {
        try {
            both.await(10, SECONDS);
        } catch (Exception e) {
            throw new IOException("nobody came", e);
        }
    }

    private ApiClient client() {
        return new ApiClient(socket);
    }

    private Optional<ApiAnswer> echo() {
        return client().post(API + "echo", new Echo("hello"));
    }

    @Test
    void aHandlerAnswersWhatItIsAsked() {
        var answer = client().post(API + "count", new Count(41)).orElseThrow();
        assertThat(answer.as(Count.class)).isEqualTo(new Count(42));
        assertThat(answer.show()).isEqualTo("{\"n\":42}");
    }

    @Test
    void textsComeAsTheyAre() {
        var text = new Echo("a\nb\u2028ü\u001b[2J \\ \"");
        var answer = client().post(API + "echo", text).orElseThrow();
        assertThat(answer.as(Echo.class)).isEqualTo(text);
        assertThat(answer.printable(Echo.class).text()).isEqualTo("a; b\\u2028ü\\x1b[2J \\ \"");
        assertThat(answer.show()).isEqualTo("{\"text\":\"a\\nb\\u2028ü\\u001b[2J \\\\ \\\"\"}");
    }

    @Test
    void parametersAreDecoded() {
        assertThat(client().get(API + "greet?name=a%26b%2Fc%20d+e")
                        .orElseThrow()
                        .as(Echo.class))
                .isEqualTo(new Echo("a&b/c d e"));
        assertThat(client().get(API + "greet").orElseThrow().as(Echo.class)).isEqualTo(new Echo("nobody"));
    }

    @Test
    void largeRequestsAndAnswersComeWhole() {
        var text = new Echo("ü".repeat(7 << 20));
        assertThat(client().post(API + "echo", text).orElseThrow().as(Echo.class))
                .isEqualTo(text);
    }

    @Test
    void twoAreAnsweredAtOnce() {
        var first = Await.start(() -> client().get(API + "meet"));
        var second = Await.start(() -> client().get(API + "meet"));
        assertThat(Await.result(first)).isPresent();
        assertThat(Await.result(second)).isPresent();
    }

    @Test
    void whatAHandlerRefusesComesAsItIs() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> client().post(API + "refuse", new Echo("")))
                .satisfies(e -> assertThat(e)
                        .extracting(UserFacingException::what, UserFacingException::why, UserFacingException::next)
                        .containsExactly("what", "why\nand why", "next"));
    }

    @Test
    void aHandlerThatFailsGivesItsReason() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> client().get(API + "fail"))
                .withMessageContaining("the disk is gone");
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> client().get(API + "bug"))
                .withMessageContaining("a bug");
        assertThat(echo()).isPresent();
    }

    @Test
    void anUnknownEndpointIsAnsweredWithTheNearest() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> client().get(API + "fial"))
                .withMessageContaining("it does not know '/api/v1/fial'; did you mean '/api/v1/fail'?");
    }

    @Test
    void aWrongMemberIsNamed() {
        for (var wrong : new Object[] {new Wrong("1"), new Echo("1")})
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> client().post(API + "count", wrong))
                    .withMessageContaining("'n'");
    }

    @Test
    void errorsAreProblemsWithAStatus() throws IOException {
        assertThat(say("GET /api/v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ")
                .contains("Content-Type: application/problem+json\r\n", "Connection: close\r\n")
                .endsWith("{\"detail\":\"never was\",\"next\":\"look\",\"status\":404,"
                        + "\"title\":\"there is no such thing\",\"type\":\"urn:dispatcher:problem:unknown\"}");
        assertThat(say("GET /api/v1/fail HTTP/1.1\r\nHost: a\r\n\r\n")).startsWith("HTTP/1.1 500 ");
        assertThat(say("DELETE /api/v1/fail HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 405 ")
                .contains("Allow: GET\r\n", "urn:dispatcher:problem:method", "takes GET, not DELETE");
        assertThat(say("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ")
                .contains("urn:dispatcher:problem:endpoint");
        for (var body : new String[] {"", "[]", "{}", "null", "{\"n\":", "\u00ff\u0000{", "{\"n\":1.5}", "{\"n\":1}x"})
            assertThat(say(post("count", body)))
                    .as(body)
                    .startsWith("HTTP/1.1 400 ")
                    .contains("urn:dispatcher:problem:request");
    }

    private static String post(String name, String body) {
        return "POST %s%s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(API, name, body.length(), body);
    }

    @Test
    void garbageIsAnsweredWithAProblem() throws IOException {
        for (var garbage : new String[] {
            "{\"command\":\"machines\"}\n",
            "\r\n\r\n",
            "GET /api/v1/greet HTTP/1.1\r\n\r\n",
            "GET /api/v1/greet HTTP/1.0\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET /api/v1/greet HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "GET /api/v1/greet HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "GET /" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(20_000) + "\r\n\r\n",
            "[".repeat(5000) + "\n"
        })
            assertThat(say(garbage))
                    .as(garbage)
                    .matches("(?s)HTTP/1.1 [45]\\d\\d .*")
                    .contains("urn:dispatcher:problem:protocol", "\"next\":");
        assertThat(echo()).isPresent();
    }

    @Test
    void aHugeRequestIsRefusedBeforeItsEnd() throws IOException {
        assertThat(say("POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16777217\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ")
                .contains("it has more than 16777216 bytes");
        assertThat(say("POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + "800000\r\n"
                        + "x".repeat(8 << 20) + "\r\n800001\r\n"))
                .startsWith("HTTP/1.1 413 ")
                .contains("it has more than 16777216 bytes");
    }

    @Test
    void aClientLearnsThatItsRequestIsTooLarge() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> client().post(API + "echo", new Echo("x".repeat(16 << 20))))
                .withMessageContaining("it has more than 16777216 bytes");
    }

    @Test
    void aConnectionBringsOneRequest() throws IOException {
        var request = "GET /api/v1/greet HTTP/1.1\r\nHost: a\r\n\r\n";
        assertThat(say(request + request).split("HTTP/1.1 200", -1)).hasSize(2);
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
        server = open(SHORT);
        for (var begun : new String[] {
            "",
            "GET /api/v1/gre",
            "GET /api/v1/greet HTTP/1.1\r\nHost: a\r\n",
            "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{"
        })
            try (var channel = UnixSocketChannel.connect(socket)) {
                channel.out().write(begun.getBytes(StandardCharsets.UTF_8));
                assertThat(channel.in().readAllBytes()).as(begun).isEmpty();
            }
        assertThat(echo()).isPresent();
    }

    @Test
    void aClientThatDoesNotReadIsDropped() throws IOException {
        server.close();
        server = open(SHORT);
        try (var channel = UnixSocketChannel.connect(socket)) {
            channel.out().write("GET /api/v1/large HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            Await.until("it is closed", () -> isClosed(channel));
        }
    }

    private static boolean isClosed(UnixSocketChannel channel) {
        try {
            channel.out().write('x');
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void theSocketIsForItsOwnerAndGoesInTheEnd() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        server.close();
        assertThat(socket).doesNotExist();
        assertThat(echo()).isEmpty();
    }

    @Test
    void whatADeadProcessLeftIsReplaced() throws IOException {
        server.close();
        try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        assertThat(echo()).isEmpty();
        server = open(LONG);
        assertThat(echo()).isPresent();
    }

    @Test
    void aLivingOneIsNotReplaced() {
        assertThatIOException()
                .isThrownBy(() -> ApiServer.open(socket, List.of()))
                .withMessage("another dispatcher listens at " + socket + " already: stop it, or choose another path");
        assertThat(echo()).isPresent();
    }

    @Test
    void aPathThatIsTooLongIsSaidToBe() {
        var deep = directory.resolve("d".repeat(100)).resolve("control.sock");
        assertThatIOException()
                .isThrownBy(() -> ApiServer.open(deep, List.of()))
                .withMessageContaining(deep.toString())
                .withMessageContaining("the path of a unix socket can have 103");
    }

    @Test
    void anAnswerThatIsNotUnderstoodIsAnErrorOfItsOwn() throws IOException {
        server.close();
        for (var answer : new String[] {
            "",
            "nonsense\n",
            // What dispatchers of former versions say.
            "{\"cause\":\"not JSON\",\"error\":\"the running dispatcher does not understand the request\",\"next\":\"\"}\n",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
            "HTTP/1.1 500 no\r\nContent-Length: 2\r\n\r\n{}"
        })
            assertThatExceptionOfType(AssertionError.class)
                    .as(answer)
                    .isThrownBy(() -> answered(answer))
                    .withMessageContaining("the dispatcher at " + socket)
                    .withMessageContaining("UserFacingException");
    }

    @Test
    void aDispatcherOfAFormerVersionIsSaidToBeOne() {
        server.close();
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> answered("{\"error\":\"what\"}\n"))
                .withMessageContaining("it is not HTTP; dispatchers of former versions do not speak it");
    }

    private Optional<ApiAnswer> answered(String answer) throws IOException {
        try (var other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            var asked = Await.start(this::echo);
            try (var channel = new UnixSocketChannel(other.accept())) {
                while (channel.in().read() != '}') Thread.onSpinWait();
                channel.out().write(answer.getBytes(StandardCharsets.UTF_8));
            }
            return Await.result(asked);
        } finally {
            Files.delete(socket);
        }
    }

    @Test
    void curlIsAnswered() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "curl is installed");
        assertThat(curl("http://localhost/api/v1/greet?name=curl")).isEqualTo("{\"text\":\"curl\"}200");
        assertThat(curl("http://localhost/api/v1/count", "--json", "{\"n\":1}")).isEqualTo("{\"n\":2}200");
        assertThat(curl("http://localhost/api/v1/nothing")).endsWith("404");
        var large = Files.writeString(directory.resolve("large"), "{\"text\":\"%s\"}".formatted("x".repeat(2 << 20)));
        assertThat(curl("http://localhost/api/v1/echo", "--json", "@" + large)).endsWith("x\"}200");
    }

    private String curl(String url, String... more) throws Exception {
        var command = new java.util.ArrayList<>(List.of(
                "/usr/bin/curl", "-sS", "--max-time", "20", "-w", "%{http_code}", "--unix-socket", socket.toString()));
        command.addAll(List.of(more));
        command.add(url);
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        return out;
    }
}
