package dispatcher.cli.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.cli.api.DrainAnswer;
import dispatcher.cli.api.DrainRequest;
import dispatcher.cli.api.Figure;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.QueueAnswer;
import dispatcher.cli.api.StatusAnswer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.http.StreamAnswer;
import dispatcher.cli.api.http.TextAnswer;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.web.fleet.FleetPages;
import dispatcher.cli.web.page.Words;
import dispatcher.testkit.Await;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The web server on a real port of the loopback address.
class WebServerTest {
    /// After which a connection is taken to stay open; an idle one would do so for two minutes.
    private static final Duration SOON = Duration.ofSeconds(20);

    private static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\"'\u202e\u001b[31m";
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    @TempDir
    private Path directory;

    private final List<DrainRequest> drained = new CopyOnWriteArrayList<>();
    private final List<Optional<String>> drainedBy = new CopyOnWriteArrayList<>();
    private final Changes changes = new Changes();
    private final HttpClient client =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
    private volatile String state = "ready";
    private WebServer server;

    @BeforeEach
    void start() throws IOException {
        server = started(web(Optional.empty(), List.of()));
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
    }

    private Settings.Web web(Optional<String> userHeader, List<String> hosts) throws IOException {
        var file = directory.resolve("token");
        Files.writeString(file, TOKEN + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return new Settings.Web(Optional.of(file), userHeader, Settings.Web.DEFAULT.proxies(), hosts);
    }

    private WebServer started(Settings.Web web) {
        return WebServer.start(
                new HostAndPort("127.0.0.1", 0),
                web,
                new WebServer.Offer(
                        changes.notedBy(endpoints()),
                        FleetPages.pages(),
                        FleetPages.actions(),
                        changes,
                        InstantSource.fixed(NOW)));
    }

    private List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                        MachinesAnswer.PATH,
                        _ -> new MachinesAnswer(NOW, List.of(machine("calm", "ready"), machine(HOSTILE, state)))),
                Endpoint.get(
                        StatusAnswer.PATH,
                        _ -> new StatusAnswer(
                                NOW,
                                new StatusAnswer.Machines(1, 2),
                                4,
                                1,
                                1,
                                Optional.of(NOW),
                                new StatusAnswer.Ended(3, 1, 0),
                                List.of(new StatusAnswer.Trouble(HOSTILE, "set-aside", HOSTILE, "`dispatcher ping`")))),
                Endpoint.get(
                        QueueAnswer.PATH,
                        _ -> new QueueAnswer(
                                NOW,
                                1,
                                List.of(new QueueAnswer.Waiting(
                                        1,
                                        1,
                                        HOSTILE,
                                        HOSTILE,
                                        0,
                                        HOSTILE,
                                        List.of(HOSTILE),
                                        NOW,
                                        Figure.unknown(),
                                        Figure.unknown())))),
                Endpoint.get("/metrics", _ -> new TextAnswer("text/plain; version=0.0.4; charset=utf-8", "up 1\n")),
                Endpoint.post(DrainRequest.DRAIN_PATH, request -> {
                    drained.add(request.body(DrainRequest.class));
                    drainedBy.add(request.user());
                    return new DrainAnswer("calm", true, Optional.empty());
                }));
    }

    private static MachineAnswer machine(String name, String state) {
        return new MachineAnswer(
                name,
                HOSTILE,
                state,
                4,
                1,
                List.of(new MachineAnswer.Running(HOSTILE, HOSTILE, NOW, Figure.unknown())),
                new MachineAnswer.Speed(BigDecimal.ONE, BigDecimal.TWO),
                100,
                true,
                Optional.empty(),
                List.of(HOSTILE),
                List.of(HOSTILE),
                List.of(HOSTILE),
                new TreeMap<>(),
                List.of(new MachineAnswer.Refusal(HOSTILE, HOSTILE, NOW)),
                Optional.of(HOSTILE),
                Optional.of(NOW),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:%d%s".formatted(server.address().port(), path)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(to(path).GET());
    }

    /// All that comes until the server closes the connection.
    private String raw(String request) throws IOException {
        try (var socket = connected()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Socket connected() throws IOException {
        var socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().port());
        socket.setSoTimeout(Math.toIntExact(SOON.toMillis()));
        return socket;
    }

    private static HttpRequest.BodyPublisher form(String text) {
        return HttpRequest.BodyPublishers.ofString(text);
    }

    private String logIn() throws IOException, InterruptedException {
        var answer = send(to("/login").POST(form("token=" + TOKEN + "&back=%2Fmachines")));
        assertThat(answer.statusCode()).isEqualTo(303);
        assertThat(answer.headers().firstValue("Location")).contains("/machines");
        var cookie = answer.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(cookie).contains("HttpOnly", "SameSite=Strict", "Path=/");
        return cookie.substring(0, cookie.indexOf(';'));
    }

    private HttpRequest.Builder fromHere(HttpRequest.Builder request) {
        return request.header(
                "Origin", "http://127.0.0.1:%d".formatted(server.address().port()));
    }

    @Nested
    class Pages {
        @ParameterizedTest
        @ValueSource(
                strings = {"/", "/machines", "/machines?sort=state", "/machines/calm", "/queue", "/running", "/login"})
        void areShownAndShowHostileWordsAsText(String path) throws IOException, InterruptedException {
            var answer = get(path);

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
            assertThat(answer.body())
                    .startsWith("<!doctype html>")
                    .doesNotContain("<img", "\u202e", "\u001b", " style=", "<script>", "http://", "https://");
            if (!path.equals("/login")) assertThat(answer.body()).contains("&lt;img src=x onerror=alert(1)&gt;");
        }

        @Test
        void keepBrowsersFromRunningOrLoadingAnythingElse() throws IOException, InterruptedException {
            var headers = get("/").headers();

            assertThat(headers.firstValue("Content-Security-Policy").orElse(""))
                    .startsWith("default-src 'self';")
                    .contains("frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(headers.firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(headers.firstValue("Referrer-Policy")).contains("same-origin");
            assertThat(headers.firstValue("Access-Control-Allow-Origin")).isEmpty();
        }

        @Test
        void loadWhatThisServerHas() throws IOException, InterruptedException {
            var links = Pattern.compile("(?:src|href)=\"(/assets/[^\"]+)\"")
                    .matcher(get("/").body())
                    .results()
                    .map(match -> match.group(1))
                    .toList();

            assertThat(links).hasSize(3);
            for (var link : links) {
                var asset = get(link);
                assertThat(asset.statusCode()).isEqualTo(200);
                assertThat(asset.headers().firstValue("Cache-Control").orElse(""))
                        .contains("immutable");
            }
        }

        @Test
        void showCommandsAsSuch() throws IOException, InterruptedException {
            assertThat(get("/").body()).contains("<code>dispatcher ping</code>");
            assertThat(Words.advice("half `open <b>").toString()).isEqualTo("half `open &lt;b&gt;");
        }

        @Test
        void tellProgramsThatKeepPasswordsWhatTheTokenIsFor() throws IOException, InterruptedException {
            assertThat(get("/login").body())
                    .contains("name=\"username\" value=\"dispatcher\" autocomplete=\"username\" hidden");
        }

        @Test
        void keepTheirStateInTheAddress() throws IOException, InterruptedException {
            assertThat(get("/machines?name=calm").body())
                    .contains("1 of 2 machines")
                    .contains("value=\"calm\"");
            assertThat(get("/machines?sort=nothing").statusCode()).isEqualTo(400);
        }

        @Test
        void thatDoNotExistSaySo() throws IOException, InterruptedException {
            assertThat(get("/nothing").statusCode()).isEqualTo(404);
            assertThat(get("/machines/nobody").statusCode()).isEqualTo(404);
            assertThat(get("/api/v1/nothing").headers().firstValue("Content-Type"))
                    .contains("application/problem+json");
        }

        @Test
        void haveTheApiBesideThem() throws IOException, InterruptedException {
            assertThat(get("/api/v1/machines").body()).contains("\"name\":\"calm\"");
            assertThat(get("/metrics").body()).isEqualTo("up 1\n");
            assertThat(get("/metrics").headers().firstValue("Content-Type").orElse(""))
                    .startsWith("text/plain");
        }
    }

    @Nested
    class Access {
        @Test
        void lookingIsFreeOnThisHostAndActingIsNot() throws IOException, InterruptedException {
            var refused = send(fromHere(to("/actions/drain")).POST(form("machine=calm")));

            assertThat(refused.statusCode()).isEqualTo(401);
            assertThat(send(to(DrainRequest.DRAIN_PATH).POST(form("{\"machine\":\"calm\"}")))
                            .statusCode())
                    .isEqualTo(401);
            assertThat(drained).isEmpty();
            assertThat(get("/machines/calm").body()).doesNotContain("/actions/drain");
        }

        @Test
        void theTokenLetsPeopleAct() throws IOException, InterruptedException {
            var cookie = logIn();

            assertThat(send(to("/machines/calm").header("Cookie", cookie)).body())
                    .contains("/actions/drain");
            var answer = send(fromHere(to("/actions/drain"))
                    .header("Cookie", cookie)
                    .POST(form("machine=calm&back=%2Fmachines%2Fcalm")));

            assertThat(answer.statusCode()).isEqualTo(303);
            assertThat(answer.headers().firstValue("Location")).contains("/machines/calm");
            assertThat(drained).extracting(DrainRequest::machine).containsExactly("calm");
            assertThat(drainedBy).containsExactly(Optional.of("token"));
        }

        @Test
        void theTokenLetsProgramsAct() throws IOException, InterruptedException {
            var answer = send(to(DrainRequest.DRAIN_PATH)
                    .header("Authorization", "Bearer " + TOKEN)
                    .POST(form("{\"machine\":\"calm\"}")));

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(drained).hasSize(1);
        }

        @Test
        void aFalsifiedPassIsNone() throws IOException, InterruptedException {
            var cookie = logIn();
            var later = cookie.replaceFirst("=\\d", "=9");

            assertThat(send(fromHere(to("/actions/drain"))
                                    .header("Cookie", later)
                                    .POST(form("machine=calm")))
                            .statusCode())
                    .isEqualTo(401);
            assertThat(drained).isEmpty();
        }

        @Test
        void otherSitesCannotAct() throws IOException, InterruptedException {
            var cookie = logIn();
            for (var header : List.of(
                    "Origin=http://evil.example",
                    "Sec-Fetch-Site=cross-site",
                    "Sec-Fetch-Site=same-site",
                    "Origin=null")) {
                var name = header.substring(0, header.indexOf('='));
                assertThat(send(to("/actions/drain")
                                        .header("Cookie", cookie)
                                        .header(name, header.substring(header.indexOf('=') + 1))
                                        .POST(form("machine=calm")))
                                .statusCode())
                        .isEqualTo(403);
            }
            assertThat(send(to("/actions/drain").header("Cookie", cookie).POST(form("machine=calm")))
                            .statusCode())
                    .isEqualTo(403);
            assertThat(drained).isEmpty();
        }

        @Test
        void anActionLeadsNowhereElse() throws IOException, InterruptedException {
            var cookie = logIn();
            for (var back : List.of("https://evil.example/", "//evil.example", "/\\evil.example", "?x"))
                assertThat(send(fromHere(to("/actions/drain"))
                                        .header("Cookie", cookie)
                                        .POST(form("machine=calm&back="
                                                + URLEncoder.encode(back, StandardCharsets.UTF_8))))
                                .headers()
                                .firstValue("Location"))
                        .contains("/");
        }

        @Test
        void namesOfOthersAreNotTakenForThisHost() throws IOException {
            assertThat(raw("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 403");
            assertThat(raw("GET / HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
            server.close();
            server = started(web(Optional.empty(), List.of("builds.example.org")));
            assertThat(raw("GET / HTTP/1.1\r\nHost: Builds.example.org\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
        }

        @Test
        void whoeverGuessesTokensHasToWait() throws IOException, InterruptedException {
            for (int i = 0; i < 5; i++)
                assertThat(send(to("/login").POST(form("token=wrong"))).statusCode())
                        .isEqualTo(403);

            assertThat(send(to("/login").POST(form("token=" + TOKEN))).statusCode())
                    .isEqualTo(429);
        }

        @Test
        void aProxySaysWhoActs() throws IOException, InterruptedException {
            server.close();
            server = started(web(Optional.of("X-User"), List.of()));

            var answer =
                    send(to(DrainRequest.DRAIN_PATH).header("X-User", "anna").POST(form("{\"machine\":\"calm\"}")));

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(drainedBy).containsExactly(Optional.of("anna"));
            assertThat(send(to("/machines/calm").header("X-User", "anna").header("X-User", "berta"))
                            .body())
                    .doesNotContain("/actions/drain");
        }

        @Test
        void aTokenThatOthersCanReadIsNotUsed() throws IOException {
            var web = web(Optional.empty(), List.of());
            Files.setPosixFilePermissions(web.tokenFile().orElseThrow(), PosixFilePermissions.fromString("rw-r--r--"));

            assertThatThrownBy(() -> started(web))
                    .isInstanceOf(UserFacingException.class)
                    .hasMessageContaining("web.tokenFile")
                    .hasMessageContaining("can be read by others");
        }

        @Test
        void aTakenPortIsSaidSo() {
            assertThatThrownBy(() -> WebServer.start(
                            server.address(),
                            Settings.Web.DEFAULT,
                            new WebServer.Offer(List.of(), List.of(), List.of(), changes, InstantSource.fixed(NOW))))
                    .isInstanceOf(UserFacingException.class)
                    .hasMessageContaining("cannot listen on " + server.address());
        }
    }

    @Nested
    class Connections {
        @ParameterizedTest
        @ValueSource(strings = {"/", "/nothing", "/assets/page.css", "/api/v1/machines", "/metrics"})
        void areClosedAfterTheAnswerIfTheClientSaysSo(String path) throws IOException {
            var answer = raw("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".formatted(path));

            assertThat(answer).startsWith("HTTP/1.1 ").containsIgnoringCase("\r\nConnection: close\r\n");
            assertThat(bodyOf(answer)).hasSize(announced(answer));
        }

        @Test
        void areClosedAfterTheAnswerIfTheServerSaysSo() throws IOException {
            var answer = raw("GET /api/v1/machines HTTP/1.1\r\nHost: localhost\r\n\r\n");

            assertThat(answer).startsWith("HTTP/1.1 200").containsIgnoringCase("\r\nConnection: close\r\n");
            assertThat(bodyOf(answer)).hasSize(announced(answer));
        }

        @Test
        void showWhyARequestIsRefusedWhoseBodyIsStillComing() throws IOException {
            var body = "x".repeat(8 << 20);
            var answer = raw("POST /api/v1/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                    .formatted(body.length(), body));

            assertThat(answer).startsWith("HTTP/1.1 401");
            assertThat(bodyOf(answer)).hasSize(announced(answer));
        }

        @Test
        void stayOpenForAPage() throws IOException {
            try (var socket = connected()) {
                for (int i = 0; i < 2; i++) {
                    socket.getOutputStream()
                            .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    var head = head(socket);
                    assertThat(head).startsWith("HTTP/1.1 200").doesNotContain("close");
                    assertThat(socket.getInputStream().readNBytes(announced(head)))
                            .hasSize(announced(head));
                }
            }
        }

        private static String head(Socket socket) throws IOException {
            var head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = socket.getInputStream().read();
                if (next < 0) throw new EOFException("the connection ended in a head: " + head);
                head.append((char) next);
            }
            return head.toString();
        }

        private static byte[] bodyOf(String answer) {
            return answer.substring(answer.indexOf("\r\n\r\n") + 4).getBytes(StandardCharsets.UTF_8);
        }

        private static int announced(String answer) {
            var length = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)\r\n").matcher(answer);
            assertThat(length.find()).as(answer).isTrue();
            return Integer.parseInt(length.group(1));
        }
    }

    @Nested
    class Live {
        @Test
        void sendsOnlyTheRowThatChanged() throws IOException, InterruptedException {
            var page = get("/machines").body();
            var mark = page.replaceFirst("(?s).*data-mark=\"([^\"]+)\".*", "$1");
            try (var stream = stream("/live?of=%2Fmachines&mark=" + mark)) {
                assertThat(event(stream)).startsWith("event: time");

                state = "drained";
                changes.note();
                var event = event(stream);

                assertThat(event).startsWith("event: change\nid: ");
                assertThat(event).contains("drained").doesNotContain("calm", "<table");
            }
        }

        @Test
        void bringsABrowserUpToDateThatComesBack() throws IOException, InterruptedException {
            try (var stream = stream("/live?of=%2Fmachines&mark=old")) {
                assertThat(event(stream)).startsWith("event: change\nid: ").contains("<table", "calm");
            }
        }

        @Test
        void isForPagesOnly() throws IOException, InterruptedException {
            assertThat(get("/live?of=%2Fnothing").statusCode()).isEqualTo(404);
            assertThat(get("/live").statusCode()).isEqualTo(404);
        }

        @Test
        void endsWithTheServer() throws IOException, InterruptedException {
            try (var stream = stream("/live?of=%2F&mark=old")) {
                assertThat(event(stream)).contains("event: change");
                server.close();
                while (stream.readLine() != null) {
                    // What was on its way.
                }
            } catch (IOException e) {
                // Cut off, which is an end too.
            }
        }

        private BufferedReader stream(String path) throws IOException, InterruptedException {
            var answer = client.send(to(path).GET().build(), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
            return new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        }

        private static String event(BufferedReader stream) throws IOException {
            var text = new StringBuilder();
            for (var line = stream.readLine(); line != null && !line.isEmpty(); line = stream.readLine())
                text.append(line).append('\n');
            return text.toString();
        }
    }

    /// Clients that ask and read nothing of the answer.
    @Nested
    class Unread {
        private static final Duration PATIENCE = Duration.ofMillis(200);
        private final CountDownLatch left = new CountDownLatch(1);
        private WebServer hasty;

        @BeforeEach
        void startHasty() throws IOException {
            var endless = Endpoint.get(
                    "/api/v1/endless",
                    _ -> new StreamAnswer("text/plain", out -> {
                        try {
                            while (true) out.write(new byte[100_000]);
                        } finally {
                            left.countDown();
                        }
                    }));
            var large = Endpoint.get("/api/v1/large", _ -> new TextAnswer("text/plain", "x".repeat(8 << 20)));
            hasty = WebServer.start(
                    new HostAndPort("127.0.0.1", 0),
                    web(Optional.empty(), List.of()),
                    new WebServer.Offer(
                            List.of(endless, large), List.of(), List.of(), changes, InstantSource.fixed(NOW)),
                    PATIENCE);
        }

        @AfterEach
        void stopHasty() {
            hasty.close();
        }

        private Socket ask(String path) throws IOException {
            var socket = new Socket();
            socket.setReceiveBufferSize(64 << 10);
            socket.connect(new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), hasty.address().port()));
            socket.getOutputStream()
                    .write("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"
                            .formatted(path, hasty.address())
                            .getBytes(StandardCharsets.US_ASCII));
            return socket;
        }

        @Test
        void anAnswerThatGoesOnIsLeft() throws Exception {
            try (var _ = ask("/api/v1/endless")) {
                assertThat(left.await(20, TimeUnit.SECONDS)).isTrue();
            }
        }

        @Test
        void aLargeAnswerIsLeft() throws Exception {
            try (var socket = ask("/api/v1/large")) {
                Await.until("the connection ends", () -> isLeft(socket));
            }
        }

        /// Whether what is sent meets nobody.
        private static boolean isLeft(Socket socket) {
            try {
                socket.getOutputStream().write('x');
                return false;
            } catch (IOException e) {
                return true;
            }
        }

        @Test
        void anAnswerThatIsReadIsNotHoweverLongItTakes() throws Exception {
            try (var socket = ask("/api/v1/endless")) {
                var piece = new byte[1 << 20];
                long end = System.nanoTime() + PATIENCE.multipliedBy(5).toNanos();
                while (System.nanoTime() < end)
                    assertThat(socket.getInputStream().readNBytes(piece, 0, piece.length))
                            .isEqualTo(piece.length);
                assertThat(left.getCount()).isEqualTo(1);
            }
        }
    }
}
