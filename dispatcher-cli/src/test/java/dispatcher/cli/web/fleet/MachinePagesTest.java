package dispatcher.cli.web.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.MachinesAnswer;
import dispatcher.cli.api.http.Endpoint;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.value.HostAndPort;
import dispatcher.cli.web.Changes;
import dispatcher.cli.web.WebServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the pages of machines say, from a real web server on the loopback address.
class MachinePagesTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final String MEASURED = """
            "measured":{"at":"2026-11-30T11:59:57Z","load":6.449,"cores":8,"memory":{"free":12884901888,"of":68719476736},
            "disk":{"free":107374182400,"of":536870912000},"buildDisk":{"free":2147483648,"of":8589934592},"memoryStalled":0.125},
            """;

    private final HttpClient client = HttpClient.newHttpClient();
    private volatile List<MachineAnswer> machines = List.of();
    private WebServer server;

    @BeforeEach
    void start() {
        server = WebServer.start(
                new HostAndPort("127.0.0.1", 0),
                Settings.Web.DEFAULT,
                new WebServer.Offer(
                        List.of(Endpoint.get(MachinesAnswer.PATH, _ -> new MachinesAnswer(NOW, machines))),
                        FleetPages.pages(),
                        FleetPages.actions(),
                        new Changes(),
                        InstantSource.fixed(NOW)));
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
    }

    /// @param more members, each with a comma after it
    private static MachineAnswer machine(String name, String state, String more) {
        return ApiJson.read(
                """
                {MORE"name":"NAME","address":"x","state":"STATE","slots":4,"slotsTaken":1,
                "running":[],"speed":{"configured":1,"measured":1.25},"bandwidth":11800000,"bandwidthMeasured":true,
                "systems":["x86_64-linux"],"supportedFeatures":["kvm"],"mandatoryFeatures":[],
                "refuses":[],"resources":{}}""".replace("MORE", more)
                        .replace("NAME", name)
                        .replace("STATE", state)
                        .getBytes(StandardCharsets.UTF_8),
                MachineAnswer.class);
    }

    /// Without what is not text.
    private String text(String path) throws IOException, InterruptedException {
        return body(path)
                .replaceAll("<(/?)(td|th|dt|dd|span|div|p)\\b[^>]*>", "\n")
                .replaceAll("<[^>]*>", "")
                .replaceAll("\n+", "\n");
    }

    private String body(String path) throws IOException, InterruptedException {
        var answer = client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s"
                                .formatted(server.address().port(), path)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.body();
    }

    @Test
    void aMachineThatIsSetAsideSaysWhyForHowLongAndWhenItIsTriedAgain() throws IOException, InterruptedException {
        machines = List.of(machine("a", "set-aside", """
                "reason":"no route to host","since":"2026-11-30T11:58:00Z","triedAgain":"2026-11-30T12:00:20Z",
                """));

        for (var path : List.of("/machines", "/machines/a")) {
            assertThat(text(path))
                    .contains("no route to host", "for 2026-11-30 11:58:00", "tried again 2026-11-30 12:00:20");
            assertThat(body(path)).contains("<time datetime=\"2026-11-30T12:00:20Z\" data-time=\"until\">");
        }
        machines = List.of(machine("a", "set-aside", "\"reason\":\"no route to host\","));
        assertThat(text("/machines/a")).contains("is being tried now");
    }

    @Test
    void aMachineThatHasNotSaidWhatItIsSaysWhenItIsAskedAgain() throws IOException, InterruptedException {
        machines = List.of(machine("a", "undescribed", "\"triedAgain\":\"2026-11-30T12:00:20Z\","));

        assertThat(text("/machines")).contains("asked again 2026-11-30 12:00:20");
    }

    @Test
    void loadMemoryAndDisksAreAsMeasured() throws IOException, InterruptedException {
        machines = List.of(machine("a", "ready", MEASURED));

        assertThat(text("/machines"))
                .contains("6.4 on 8 cores", "12 GiB free of 64 GiB", "100 GiB free of 500 GiB", "1.25", "11 MiB/s");
        assertThat(text("/machines/a"))
                .contains("6.4 on 8 cores", "12 GiB free of 64 GiB", "100 GiB free of 500 GiB")
                .contains("Disk of build directories\n2 GiB free of 8 GiB", "All wait for memory\n1", "Measured")
                .doesNotContain("waits for a processor");
        assertThat(body("/machines/a")).contains("href=\"/timeline?machine=a\"", "href=\"/builds?machine=a\"");
    }

    @Test
    void whatAMachineHasSaidStandsForWhatWasNotMeasured() throws IOException, InterruptedException {
        machines = List.of(machine("a", "ready", """
                "description":{"at":"2026-11-30T00:00:00Z","cores":8,"memory":68719476736,"disk":536870912000,
                "diskFree":107374182400},
                """));

        assertThat(text("/machines"))
                .contains("64 GiB", "100 GiB free of 500 GiB")
                .doesNotContain("on 8 cores");
        assertThat(text("/machines/a")).contains("Cores\n8", "64 GiB", "100 GiB free of 500 GiB");
    }

    @Test
    void aDrainedMachineSaysSinceWhenByWhomAndWhy() throws IOException, InterruptedException {
        machines = List.of(machine("a", "drained", """
                "drained":{"since":"2026-11-30T10:00:00Z","by":"anna","note":"new disk <b>"},
                """));

        assertThat(text("/machines/a"))
                .contains("drained for 2026-11-30 10:00:00", "by anna", "note: new disk &lt;b&gt;");
        machines = List.of(machine("a", "drained", """
                "reason":"drained by anna: new disk","drained":{"since":"2026-11-30T10:00:00Z","by":"anna","note":"new disk"},
                """));
        assertThat(text("/machines"))
                .contains("drained by anna: new disk", "drained for")
                .doesNotContain("note:");
    }

    @Test
    void theBusiestAndTheFullestComeFirstIfThatIsAskedFor() throws IOException, InterruptedException {
        machines = List.of(
                machine("idle", "ready", MEASURED.replace("6.449", "0.1").replace("107374182400", "7374182400")),
                machine("unknown", "ready", ""),
                machine("busy", "ready", MEASURED));

        assertThat(body("/machines?sort=load")).containsSubsequence(">busy<", ">idle<", ">unknown<");
        assertThat(body("/machines?sort=disk")).containsSubsequence(">idle<", ">busy<", ">unknown<");
    }
}
