package dispatcher.cli.web.figure;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.graph.GraphAnswer;
import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.api.record.LoadAnswer;
import dispatcher.cli.api.record.PackagesAnswer;
import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.web.Changes;
import dispatcher.cli.web.WebServer;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages of figures on a real web server on the loopback address.
class FigurePagesTest {
    private static final String HOSTILE = "<img src=x onerror=alert(1)>\"'\u202e\u001b[31m";
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final Duration HOURS = Duration.ofHours(6);

    private final AtomicLong nanos = new AtomicLong();
    private final HttpClient client = HttpClient.newHttpClient();

    /// What pages have asked for.
    private final List<ApiRequest> asked = new CopyOnWriteArrayList<>();

    private volatile List<MachineAnswer> machines = List.of(machine("calm"), machine(HOSTILE));
    private volatile TimelineAnswer timeline = new TimelineAnswer(
            NOW,
            NOW.minus(HOURS),
            List.of(new TimelineAnswer.Row(
                    HOSTILE, List.of(bar(7, 60, Optional.of(5), "failed"), bar(8, 5, Optional.empty(), "running")))),
            false);
    private volatile LoadAnswer load = new LoadAnswer(NOW, NOW, List.of(kind(HOSTILE, List.of(HOSTILE), 0, 4, 1)));
    private volatile PackagesAnswer packages = new PackagesAnswer(
            NOW,
            NOW,
            List.of(new PackagesAnswer.Cost(
                    HOSTILE,
                    HOSTILE,
                    4,
                    1,
                    BigDecimal.valueOf(7200),
                    BigDecimal.ONE,
                    3L << 20,
                    5L << 30,
                    Optional.of(9L << 30))));
    private volatile GraphAnswer graph = new GraphAnswer(
            NOW,
            NOW,
            List.of(new GraphAnswer.Client("<img src=x>", 2)),
            List.of(node(1, HOSTILE, "built"), node(2, HOSTILE, "failed", 1L)),
            false);
    private WebServer server;

    @BeforeEach
    void start() {
        server = WebServer.start(
                new HostAndPort("127.0.0.1", 0),
                Settings.Web.DEFAULT,
                new WebServer.Offer(
                        endpoints(),
                        FigurePages.pages(nanos::get),
                        List.of(),
                        new Changes(),
                        InstantSource.fixed(NOW)));
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
    }

    private List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(MachinesAnswer.PATH, _ -> new MachinesAnswer(NOW, machines)),
                Endpoint.get(TimelineAnswer.PATH, request -> note(request, timeline)),
                Endpoint.get(LoadAnswer.PATH, request -> note(request, load)),
                Endpoint.get(PackagesAnswer.PATH, request -> note(request, packages)),
                Endpoint.get(GraphAnswer.PATH, request -> note(request, graph)));
    }

    private Object note(ApiRequest request, Object answer) {
        asked.add(request);
        return answer;
    }

    private static MachineAnswer machine(String name) {
        return ApiJson.read("""
                {"name":"NAME","address":"x","state":"ready","slots":4,"slotsTaken":1,
                "running":[],"speed":{"configured":1,"measured":1},"bandwidth":1,"bandwidthMeasured":false,
                "systems":["x86_64-linux"],"supportedFeatures":["kvm"],"mandatoryFeatures":[],
                "refuses":[],"resources":{}}""".replace("NAME", json(name)).getBytes(StandardCharsets.UTF_8), MachineAnswer.class);
    }

    private static String json(String text) {
        return text.replace("\"", "\\\"").replace("\u001b", "\\u001b");
    }

    /// @param from minutes ago, as is `to`
    private static TimelineAnswer.Bar bar(long id, int from, Optional<Integer> to, String outcome) {
        return new TimelineAnswer.Bar(
                id,
                HOSTILE,
                HOSTILE,
                NOW.minusSeconds(60L * from),
                to.map(ago -> NOW.minusSeconds(60L * ago)),
                outcome);
    }

    private static LoadAnswer.Kind kind(String system, List<String> features, int machines, int refused, int waiting) {
        return new LoadAnswer.Kind(
                system,
                features,
                10 + refused,
                2,
                refused,
                new LoadAnswer.Waited(BigDecimal.ONE, BigDecimal.valueOf(1800), BigDecimal.valueOf(30)),
                BigDecimal.ONE,
                BigDecimal.valueOf(7200),
                BigDecimal.valueOf(240),
                waiting,
                Optional.of(NOW.minusSeconds(60)).filter(_ -> waiting > 0),
                machines,
                4L * machines,
                4L * machines);
    }

    private static GraphAnswer.Node node(long number, String name, String state, Long... needs) {
        return new GraphAnswer.Node(
                number,
                Optional.of(number + 100),
                HOSTILE,
                name,
                HOSTILE,
                state,
                Optional.of(HOSTILE),
                NOW,
                List.of(needs));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s"
                                .formatted(server.address().port(), path)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String body(String path) throws IOException, InterruptedException {
        var answer = get(path);
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    private static int count(String text, String part) {
        return (int)
                Pattern.compile(part, Pattern.LITERAL).matcher(text).results().count();
    }

    /// The element with that id, to the end of its kind.
    private static String part(String body, String id) {
        int start = body.indexOf("<section id=\"" + id + "\"");
        return body.substring(start, body.indexOf("</section>", start));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/timeline",
                "/timeline?hours=1&machine=calm",
                "/load",
                "/costs?sort=memory&days=31",
                "/graph?hours=24"
            })
    void areShownInItsFrameWithHostileWordsAsTextAndNothingInline(String path)
            throws IOException, InterruptedException {
        var body = body(path);

        assertThat(body)
                .startsWith("<!doctype html>")
                .contains("<table", "<caption", "scope=\"col\"", "scope=\"row\"", "aria-current=\"true\"")
                .doesNotContain("<img", "\u202e", "\u001b", " style=", "<style", "<script>", "http://", "https://");
        for (var link : List.of("/timeline", "/load", "/costs", "/graph"))
            assertThat(body).contains("href=\"" + link + "\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/timeline?hours=0",
                "/timeline?hours=745",
                "/load?hours=x",
                "/load?sort=x",
                "/costs?sort=x",
                "/costs?days=367"
            })
    void wrongAddressesAreSaidToBe(String path) throws IOException, InterruptedException {
        assertThat(get(path).statusCode()).isEqualTo(400);
    }

    @Test
    void areMadeAgainAfterSecondsOnly() throws IOException, InterruptedException {
        body("/costs");
        body("/costs");
        assertThat(asked).hasSize(1);
        body("/costs?sort=memory");
        assertThat(asked).hasSize(2);

        nanos.addAndGet(HeldPage.FOR.toNanos());
        packages = new PackagesAnswer(NOW, NOW, List.of());

        assertThat(body("/costs")).contains("No build has ended since.");
    }

    @Nested
    class Timeline {
        @Test
        void hasAStripForEachMachineWithItsFiguresInWords() throws IOException, InterruptedException {
            var body = body("/timeline?hours=6");

            assertThat(asked.getFirst().parameter("hours")).contains("6");
            assertThat(part(body, "timeline"))
                    .contains("calm", "aria-label=\"0 builds on calm, 0 of them failed or lost\"")
                    .contains("aria-label=\"2 builds on &lt;img")
                    .contains("class=\"bar failed\"", "class=\"bar running\"", "role=\"img\"");
            assertThat(count(body, "class=\"strip\"")).isEqualTo(2);
            assertThat(body).doesNotContain("/builds/7");
        }

        @Test
        void listsTheBuildsOfOneMachine() throws IOException, InterruptedException {
            var body = body("/timeline?machine=" + URLEncoder.encode(HOSTILE, StandardCharsets.UTF_8));

            assertThat(count(body, "class=\"strip\"")).isOne();
            assertThat(part(body, "builds")).contains("/builds/7", "/builds/8", "55 min", "failed", "running");
            assertThat(part(body("/timeline?machine=calm"), "builds")).contains("No build was there.");
            assertThat(part(body("/timeline?machine=calm"), "heading"))
                    .contains("<h2>Builds on calm", "/machines/calm");
            assertThat(body("/timeline?machine=nobody")).contains("There is no such machine.");
        }

        @Test
        void staysSmallWith300MachinesAnd5000BuildsAndSaysWhatItHasMerged() throws IOException, InterruptedException {
            var rows = new ArrayList<TimelineAnswer.Row>();
            var all = new ArrayList<MachineAnswer>();
            for (int machine = 0; machine < 300; machine++) {
                var bars = new ArrayList<TimelineAnswer.Bar>();
                for (int i = 0; i < 17; i++) {
                    int from = 350 - i * 20 - machine % 7;
                    bars.add(new TimelineAnswer.Bar(
                            machine * 100L + i,
                            "package-" + i,
                            "ci",
                            NOW.minusSeconds(60L * from),
                            Optional.of(NOW.minusSeconds(60L * from - 500)),
                            i == 3 ? "failed" : "built"));
                }
                rows.add(new TimelineAnswer.Row("machine-%03d".formatted(machine), bars));
                all.add(machine("machine-%03d".formatted(machine)));
            }
            machines = all;
            timeline = new TimelineAnswer(NOW, NOW.minus(HOURS), rows, true);

            var body = body("/timeline");

            assertThat(count(body, "class=\"strip\"")).isEqualTo(300);
            assertThat(count(body, "<rect")).isBetween(300, TimelinePage.MOST_BARS + 5);
            assertThat(body.length()).isLessThan(1 << 20);
            assertThat(part(body, "remarks"))
                    .contains("are one bar", "There were more builds than are shown", "data-time=\"at\"");
        }

        @Test
        void staysTheSameWhileNothingHappens() throws IOException, InterruptedException {
            var before = part(body("/timeline"), "timeline");
            nanos.addAndGet(HeldPage.FOR.toNanos());
            timeline = new TimelineAnswer(
                    NOW.plusSeconds(30), NOW.minus(HOURS).plusSeconds(30), timeline.machines(), false);

            assertThat(part(body("/timeline"), "timeline")).isEqualTo(before);
        }
    }

    @Nested
    class Load {
        @Test
        void buildsThatNoMachineCanTakeAreApartFromThoseThatWait() throws IOException, InterruptedException {
            load = new LoadAnswer(
                    NOW,
                    NOW,
                    List.of(
                            kind("x86_64-linux", List.of("kvm"), 2, 0, 3),
                            new LoadAnswer.Kind(
                                    "riscv64-linux",
                                    List.of(),
                                    4,
                                    0,
                                    4,
                                    new LoadAnswer.Waited(BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO),
                                    BigDecimal.ZERO,
                                    BigDecimal.ZERO,
                                    BigDecimal.ZERO,
                                    0,
                                    Optional.empty(),
                                    0,
                                    0,
                                    0)));

            var body = body("/load");

            assertThat(part(body, "impossible"))
                    .contains("Builds that no machine can take", "4 builds were refused", "riscv64-linux")
                    .contains("add a machine for riscv64-linux", "/builds?outcome=refused")
                    .doesNotContain("x86_64-linux with kvm");
            assertThat(part(body, "kinds"))
                    .contains("x86_64-linux with kvm", "8 of 8", "a free slot", "30 min", "4 min")
                    .doesNotContain("riscv64-linux");
        }

        @Test
        void saysNothingOfThemIfThereAreNone() throws IOException, InterruptedException {
            load = new LoadAnswer(NOW, NOW, List.of(kind("x86_64-linux", List.of(), 2, 0, 3)));

            assertThat(part(body("/load"), "impossible")).doesNotContain("no machine");
        }

        @Test
        void addsUpBySystemAndByFeatureBesideTheMachinesForThem() throws IOException, InterruptedException {
            load = new LoadAnswer(
                    NOW,
                    NOW,
                    List.of(
                            kind("x86_64-linux", List.of("kvm"), 2, 0, 3),
                            kind("x86_64-linux", List.of("kvm", "big-parallel"), 1, 0, 2)));

            var body = body("/load?hours=3");

            assertThat(asked.getFirst().parameter("hours")).contains("3");
            assertThat(row(part(body, "systems"), "x86_64-linux"))
                    .containsExactly("x86_64-linux", "2 of 2", "2 of 8", "5", "20", "61 min", "4 h");
            assertThat(row(part(body, "features"), "kvm")).startsWith("kvm", "2 of 2", "2 of 8", "5");
            assertThat(row(part(body, "features"), "big-parallel")).startsWith("big-parallel", "0 of 0", "0 of 0", "2");
        }

        /// The texts of the row, without times that go on.
        private static List<String> row(String table, String head) {
            int start = table.indexOf("<th scope=\"row\">" + head + "<");
            var row = table.substring(start, table.indexOf("</tr>", start)).replaceAll("<time.*?</time>", "");
            return Pattern.compile(">([^<>]+)<")
                    .matcher(row + "<")
                    .results()
                    .map(match -> match.group(1))
                    .toList();
        }

        @Test
        void hasItsOrderInTheAddress() throws IOException, InterruptedException {
            load = new LoadAnswer(
                    NOW, NOW, List.of(kind("many-waited", List.of(), 2, 0, 0), kind("many-wait", List.of(), 2, 0, 9)));

            var kinds = part(body("/load?sort=waiting"), "kinds");

            assertThat(kinds.indexOf("many-wait<")).isLessThan(kinds.indexOf("many-waited<"));
        }
    }

    @Nested
    class Costs {
        @Test
        void asksForOrderAndPeriodOfTheAddress() throws IOException, InterruptedException {
            var body = body("/costs?sort=memory&days=31");

            assertThat(asked.getFirst().parameter("by")).contains("memory");
            assertThat(asked.getFirst().parameter("days")).contains("31");
            assertThat(body).contains("Costliest packages of the last 31 days");
            assertThat(part(body, "costs")).contains("2 h", "30 min", "9 GiB", "3 MiB", "5 GiB", "/builds?name=");
        }

        @Test
        void keepsThePeriodInLinksThatSort() throws IOException, InterruptedException {
            assertThat(body("/costs?days=31")).contains("href=\"/costs?days=31&amp;sort=copied\"");
        }
    }

    @Nested
    class Graph {
        @Test
        void isAPictureWithTheStateOfEachBuildAndATableThatSaysTheSame() throws IOException, InterruptedException {
            graph = new GraphAnswer(
                    NOW,
                    NOW,
                    List.of(new GraphAnswer.Client("ci", 4)),
                    List.of(
                            node(1, "libc", "found"),
                            node(2, "zlib", "running", 1L),
                            node(3, "curl", "failed", 1L, 2L),
                            node(4, "alone", "waiting")),
                    false);

            var body = body("/graph?client=ci&hours=3");

            assertThat(asked.getFirst().parameter("client")).contains("ci");
            assertThat(asked.getFirst().parameter("hours")).contains("3");
            assertThat(part(body, "picture"))
                    .contains("role=\"img\"", "3 builds, from left to right", "1 build, which neither need")
                    .contains("class=\"node built\"", "class=\"node running\"", "class=\"node failed\"")
                    .contains("✓ libc", "▶ zlib", "✗ curl")
                    .doesNotContain("alone<");
            assertThat(count(body, "class=\"edge\"")).isEqualTo(3);
            assertThat(part(body, "nodes"))
                    .contains("/builds/103", "✗ failed", "libc, zlib", "zlib, curl", "alone")
                    .contains("/builds/104");
            assertThat(part(body, "summary")).contains("on a machine: 1", "waits: 1");
        }

        @Test
        void aBuildIsRightOfAllThatItNeeds() throws IOException, InterruptedException {
            graph = new GraphAnswer(
                    NOW,
                    NOW,
                    List.of(),
                    List.of(
                            node(1, "libc", "built"),
                            node(2, "other", "built"),
                            node(3, "zlib", "built", 1L),
                            node(4, "curl", "built", 2L, 3L)),
                    false);

            var columns = Pattern.compile("<rect x=\"(\\d+)\"")
                    .matcher(part(body("/graph"), "picture"))
                    .results()
                    .map(match -> Integer.valueOf(match.group(1)))
                    .toList();

            assertThat(columns).hasSize(4);
            assertThat(columns.get(0)).isEqualTo(columns.get(1)).isLessThan(columns.get(2));
            assertThat(columns.get(2)).isLessThan(columns.get(3));
        }

        @Test
        void isATableOnlyAbove500Builds() throws IOException, InterruptedException {
            var nodes = new ArrayList<GraphAnswer.Node>();
            for (long i = 0; i <= GraphPage.MOST_DRAWN; i++)
                nodes.add(i == 0 ? node(i, "p0", "built") : node(i, "p" + i, "built", i - 1));
            graph = new GraphAnswer(NOW, NOW, List.of(), nodes, false);

            var body = body("/graph");

            assertThat(part(body, "picture"))
                    .contains("501 builds are too many")
                    .doesNotContain("<svg");
            assertThat(part(body, "nodes")).contains("p499", "p500");
        }
    }
}
