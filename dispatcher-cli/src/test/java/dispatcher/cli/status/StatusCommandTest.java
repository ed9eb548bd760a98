package dispatcher.cli.status;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.MachineAnswer;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class StatusCommandTest {
    @TempDir
    private Path directory;

    private final ManualClock clock = new ManualClock();
    private final StringWriter out = new StringWriter();
    private final List<MachineAnswer> machines = new ArrayList<>();
    private Path config;
    private RecordDatabase database;

    @BeforeEach
    void open() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        database = RecordDatabase.in(directory.resolve("state"));
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void machine(String name, String state, String more) {
        var json = """
                {"address":"nix@%s","bandwidth":1,"bandwidthMeasured":true,"mandatoryFeatures":[],"name":"%s","refuses":[],
                 "resources":{},"running":[],"slots":8,"slotsTaken":1,"speed":{"configured":1,"measured":1},"state":"%s",
                 "supportedFeatures":[],"systems":["x86_64-linux"]%s}""".formatted(name, name, state, more);
        machines.add(ApiJson.read(json.getBytes(StandardCharsets.UTF_8), MachineAnswer.class));
    }

    private int run(String... args) throws IOException {
        var queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);
        var limits = new BuildRecorder.Limits(Duration.ofDays(30), 0);
        try (var recorder = BuildRecorder.open(database.records(), limits, clock, BuildEnds.NONE)) {
            recorder.buildRequested(1, 1, FakeStore.path("x.drv"), Samples.DERIVATION);
            recorder.buildRefused(1, FakeStore.path("x.drv"), "no machine");
        }
        var settings = SettingsFile.load(config, Surroundings.ofProcess());
        var endpoint =
                new StatusEndpoint(queue, () -> machines, BuildRecorder.reading(database.records()), clock).endpoint();
        try (var _ = ApiServer.open(settings.controlSocket(), List.of(endpoint))) {
            var all = new ArrayList<>(List.of("--config", config.toString()));
            all.addAll(Arrays.asList(args));
            return new CommandLine(new StatusCommand())
                    .setOut(new PrintWriter(out, true))
                    .execute(all.toArray(String[]::new));
        }
    }

    @Test
    void showsWhatIsGoingOn() throws IOException {
        machine("a", "ready", "");
        machine("b", "ready", "");
        assertThat(run()).isZero();
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                machines   2 of 2 may have builds, with 16 slots
                running    2 builds
                waiting    0 builds
                last hour  0 built, 0 failed, 1 refused
                all machines are well
                """);
    }

    @Test
    void showsWhatIsWrongAndWhatToDo() throws IOException {
        machine("a", "drained", "");
        machine("b", "set-aside", ",\"reason\":\"b refused the connection\"");
        machine(
                "c",
                "ready",
                ",\"onDemand\":{\"state\":\"failed\",\"since\":\"2026-01-01T00:00:00Z\",\"uses\":0,\"stopping\":false,"
                        + "\"problem\":\"no such image\"}");
        assertThat(run()).isZero();
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                machines   1 of 3 may have builds, with 8 slots
                running    3 builds
                waiting    0 builds
                last hour  0 built, 0 failed, 1 refused

                a: drained
                  next:  `dispatcher resume a`

                b: set-aside
                  cause: b refused the connection
                  next:  `dispatcher ping b` looks now; it is tried again by itself

                c: cannot be started or stopped
                  cause: no such image
                  next:  `dispatcher machine logs c`
                """);
    }

    @Test
    void aMachineThatItsPoolDoesNotNeedNowIsNoTrouble() throws IOException {
        machine("a", "ready", "");
        machine(
                "cloud-4",
                "under-pressure",
                ",\"reason\":\"its pool has enough machines\",\"onDemand\":{\"state\":\"off\","
                        + "\"since\":\"2026-01-01T00:00:00Z\",\"uses\":0,\"stopping\":false}");
        assertThat(run()).isZero();
        assertThat(out.toString()).contains("1 of 2 may have builds", "all machines are well");
    }

    @Test
    void printsJson() throws IOException {
        machine("a", "drained", "");
        assertThat(run("--json")).isZero();
        var json = Json.parse(out.toString());
        assertThat(json.path("machines").path("all").asInt()).isEqualTo(1);
        assertThat(json.path("problems").path(0).path("state").asText()).isEqualTo("drained");
    }

    @Test
    void saysThatNoDispatcherRuns() {
        var thrown = new ArrayList<Exception>();
        new CommandLine(new StatusCommand())
                .setExecutionExceptionHandler((e, _, _) -> {
                    thrown.add(e);
                    return 1;
                })
                .execute("--config", config.toString());
        assertThat(thrown)
                .singleElement()
                .isInstanceOfSatisfying(
                        UserFacingException.class,
                        e -> assertThat(e.getMessage()).contains("no dispatcher runs"));
    }
}
