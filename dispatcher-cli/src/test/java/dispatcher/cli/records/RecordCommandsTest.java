package dispatcher.cli.records;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.placement.PlacementAccount;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.explain.ExplainCommand;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.terminal.ExitStatus;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.nix.json.Json;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.policy.Placement;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class RecordCommandsTest {
    private static final String X86 = "x86_64-linux";
    private static final StorePath HELLO = FakeStore.path("hello-2.12.drv");

    @TempDir
    private Path directory;

    private final ManualClock clock = new ManualClock();
    private final StringWriter out = new StringWriter();
    private Path config;
    private RecordDatabase database;
    private BuildRecorder recorder;

    @BeforeEach
    void record() throws IOException {
        config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        database = RecordDatabase.in(directory.resolve("state"));
        recorder = BuildRecorder.open(
                database.records(), new BuildRecorder.Limits(Duration.ofDays(30), 1 << 20), clock, BuildEnds.NONE);
        recorder.clientConnected(1, "ci@10.0.0.3:51234");
        ask(1, HELLO);
        recorder.buildAlone(1, HELLO, Duration.ofSeconds(2));
        recorder.buildAssigned(1, HELLO, "a", "it is idle", Duration.ofSeconds(5));
        recorder.inputsCopied(1, HELLO, "a", 2, 3 << 20, Duration.ofMillis(400));
        recorder.of(1).line(ByteString.of("\u001b[31munpacking\u001b[0m \u001b]0;title\u0007"));
        recorder.of(1).line(ByteString.of("done"));
        clock.advance(Duration.ofMinutes(1));
        recorder.buildEnded(
                1, HELLO, "a", BuildStatus.PERMANENT_FAILURE, "exit code 1\nsee above", Duration.ofSeconds(8));
        ask(2, FakeStore.path("lib-1.drv"));
    }

    @AfterEach
    void close() {
        recorder.close();
        database.close();
    }

    private void ask(long build, StorePath drvPath) {
        var derivation = new BasicDerivation(
                new TreeMap<>(Map.of("out", new DerivationOutput.InputAddressed(FakeStore.path("out")))),
                Set.of(),
                X86,
                ByteString.of("/bin/sh"),
                List.of(),
                new TreeMap<>());
        recorder.buildRequested(build, 1, drvPath, derivation);
        recorder.buildQueued(build, 1, drvPath, X86, new TreeSet<>(Set.of("kvm")));
    }

    private ApiServer serve() throws IOException {
        var settings = SettingsFile.load(config, Surroundings.ofProcess());
        var endpoints = new ArrayList<>(new RecordEndpoints(recorder, clock).endpoints());
        endpoints.addAll(
                new FigureEndpoints(recorder, database.figures(), FigureEndpoints.nothing(), clock).endpoints());
        return ApiServer.open(settings.controlSocket(), endpoints);
    }

    private int run(CommandLine line, String... args) {
        out.getBuffer().setLength(0);
        var all = new ArrayList<>(List.of("--config", config.toString()));
        all.addAll(Arrays.asList(args));
        return line.setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(all.toArray(String[]::new));
    }

    private int builds(String... args) {
        return run(new CommandLine(new BuildsCommand()), args);
    }

    @Test
    void showsBuildsOfTheRunningDispatcher() throws Exception {
        try (var _ = serve()) {
            assertThat(builds()).isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    ID  BUILD       CLIENT  MACHINE  OUTCOME  ASKED     WAITED  BUILT IN
                    2   lib-1       ci      -        waiting  0 ms ago  0 ms    -
                    1   hello-2.12  ci      a        failed   60 s ago  5 s     8 s
                    """);
            assertThat(builds("-n", "1")).isZero();
            assertThat(out.toString())
                    .contains("lib-1", "older ones: --before 2")
                    .doesNotContain("hello");
            assertThat(builds(
                            "--failed",
                            "--machine",
                            "a",
                            "--client",
                            "ci",
                            "--name",
                            "hello",
                            "--since",
                            "2025-12-31T23:59:59Z"))
                    .isZero();
            assertThat(out.toString()).contains("hello-2.12").doesNotContain("lib-1");
            assertThat(builds("--machine", "b")).isZero();
            assertThat(out.toString()).contains("no such build is on record");
        }
    }

    @Test
    void showsOneBuild() throws Exception {
        try (var _ = serve()) {
            assertThat(run(new CommandLine(new BuildCommand()), "hello-2.12")).isZero();
        }
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                build 1: %s
                  outcome   failed
                  why       exit code 1; see above
                  client    ci
                  needs     x86_64-linux with kvm
                  asked     2026-01-01T00:00:00Z
                  ended     2026-01-01T00:01:00Z
                  waited    2 s for an equal build
                  waited    3 s for a slot
                  machine   a since 2026-01-01T00:00:00Z: it is idle
                  copied    2 paths, 3 MiB in 400 ms
                  built in  8 s
                """.formatted(HELLO));
    }

    @Test
    void showsALogWithoutWhatATerminalWouldObey() throws Exception {
        try (var _ = serve()) {
            assertThat(run(new CommandLine(new LogCommand()), "1")).isZero();
            assertThat(out.toString().lines()).hasSize(2).last().isEqualTo("done");
            assertThat(out.toString()).contains("unpacking").doesNotContain("\u001b", "\u0007");
            assertThat(run(new CommandLine(new LogCommand()), "/nix/store/" + HELLO, "--json"))
                    .isZero();
            assertThat(Json.print(Json.parse(out.toString()))).contains("\"ended\":true", "done\\n");
        }
    }

    @Test
    void followsALogToItsEnd() throws Exception {
        try (var _ = serve()) {
            recorder.of(2).line(ByteString.of("first"));
            var ending = Thread.startVirtualThread(() -> {
                recorder.of(2).line(ByteString.of("second"));
                recorder.buildFound(2, FakeStore.path("lib-1.drv"));
            });
            assertThat(run(new CommandLine(new LogCommand()), "2", "--follow")).isZero();
            ending.join();
        }
        assertThat(out.toString()).isEqualToNormalizingNewlines("first\nsecond\n");
    }

    @Test
    void readsTheDatabaseWhereNoDispatcherRuns() {
        recorder.close();
        assertThat(builds()).isZero();
        assertThat(out.toString()).contains("1   hello-2.12  ci      a        failed ");
        assertThat(run(new CommandLine(new LogCommand()), "1")).isZero();
        assertThat(out.toString()).contains("done");
    }

    @Test
    void explainsABuildThatIsOver() throws Exception {
        var chosen = new Placement("a", 0, 0, 3 << 20, 0.4, 8, false, 1, 8, 1, true, true);
        var other = new Placement("b", 0, 30, 0, 0.1, 16, true, 0, 4, 0.5, true, true);
        ask(3, HELLO);
        recorder.buildAssigned(3, HELLO, "a", "it is idle", Duration.ZERO);
        recorder.placed(
                3,
                () -> new PlacementAccount(
                        chosen,
                        List.of(other),
                        3,
                        new TreeMap<>(Map.of("it is drained", 2, "it lacks kvm\u001b", 40))));
        recorder.buildEnded(3, HELLO, "a", BuildStatus.BUILT, "", Duration.ofSeconds(8));
        recorder.close();
        assertThat(run(new CommandLine(new ExplainCommand()), "3")).isZero();
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                build 3, hello-2.12, which is built

                why a, of 46 machines:
                MACHINE  SCORE  FINISH  BOOT  COPY    LACKS  BUILD  SLOTS  SPEED
                a        8.4    8.4 s   -     400 ms  3 MiB  8 s    1/8    1      chosen
                b        62.2   46 s    30 s  100 ms  -      16 s   0/4    0.5    spared: counts double
                2 machines had a free slot too
                40 machines: it lacks kvm\\x1b
                2 machines: it is drained
                """);
        assertThat(run(new CommandLine(new ExplainCommand()), "3", "--json")).isZero();
        assertThat(Json.print(Json.parse(out.toString()))).contains("\"placements\":[{\"chosen\":{");
        assertThat(run(new CommandLine(new BuildCommand()), "3")).isZero();
        assertThat(out.toString()).contains("why a, of 46 machines:");
    }

    @Test
    void explainsABuildThatNoMachineHasGot() throws Exception {
        var lib = FakeStore.path("lib-1.drv");
        var refused = "no machine can build lib-1.drv\n  a: it lacks the feature kvm\n  b: it builds for aarch64-linux";
        ask(3, lib);
        ask(4, lib);
        ask(5, lib);
        clock.advance(Duration.ofSeconds(5));
        recorder.buildRefused(3, lib, refused);
        recorder.buildAbandoned(4, lib);
        recorder.buildCancelled(5, lib, "ops", "wrong branch");
        try (var _ = serve()) {
            assertThat(explain("2")).as("it waits").isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    build 2, lib-1, which is waiting
                    no machine has got it; it needs x86_64-linux with kvm
                    it waits still; `dispatcher queue` shows its place
                    what each machine lacks now: dispatcher explain --system x86_64-linux --features kvm --name lib-1
                    """);
            assertThat(explain("3")).isEqualTo(ExitStatus.CANNOT_BE_PLACED);
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    build 3, lib-1, which is refused
                    no machine has got it; it needs x86_64-linux with kvm
                    it was over 5 s after its client asked
                    why: no machine can build lib-1.drv; a: it lacks the feature kvm; b: it builds for aarch64-linux
                    what each machine lacks now: dispatcher explain --system x86_64-linux --features kvm --name lib-1
                    """);
            assertThat(explain("4")).isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    build 4, lib-1, which is abandoned
                    no machine has got it; it needs x86_64-linux with kvm
                    it was over 5 s after its client asked
                    why: its client left before
                    """);
            assertThat(explain("5")).isZero();
            assertThat(out.toString())
                    .contains("build 5, lib-1, which is cancelled", "why: cancelled by ops: wrong branch");
            assertThat(explain("3", "--json")).isEqualTo(ExitStatus.CANNOT_BE_PLACED);
            assertThat(Json.parse(out.toString()).path("message").textValue()).isEqualTo(refused);
        }
    }

    @Test
    void explainsABuildOfWhichNoPointsAreKept() throws Exception {
        try (var _ = serve()) {
            assertThat(explain("1")).isZero();
        }
        assertThat(out.toString()).isEqualToNormalizingNewlines("""
                build 1, hello-2.12, which is failed
                the points of machines are not kept of it, but these reasons are
                a: it is idle
                """);
    }

    private int explain(String... args) {
        return run(new CommandLine(new ExplainCommand()), args);
    }

    @Test
    void showsWhoCancelledABuildAndWhoHadItMoved() throws Exception {
        var lib = FakeStore.path("lib-1.drv");
        recorder.buildAssigned(2, lib, "a", "it is idle", Duration.ZERO);
        recorder.buildMoved(2, lib, "a", "root", "it hangs");
        recorder.buildAssigned(2, lib, "b", "it is near", Duration.ZERO);
        recorder.buildCancelled(2, lib, "ops", "wrong branch");
        clock.advance(Duration.ofSeconds(1));
        try (var _ = serve()) {
            assertThat(builds("-n", "1")).isZero();
            assertThat(out.toString()).containsPattern("lib-1 +ci +b +cancelled ");
            assertThat(run(new CommandLine(new BuildCommand()), "2")).isZero();
            assertThat(out.toString())
                    .contains("outcome   cancelled", "why       cancelled by ops: wrong branch")
                    .contains("moved to another machine by root: it hangs")
                    .doesNotContain("lost");
            assertThat(run(new CommandLine(new TimelineCommand()))).isZero();
            assertThat(out.toString())
                    .containsPattern("a .* lib-1 +ci +moved")
                    .containsPattern("b .* lib-1 +ci +cancelled");
        }
    }

    @Test
    void showsWhatWasOnWhichMachine() throws Exception {
        try (var _ = serve()) {
            assertThat(run(new CommandLine(new TimelineCommand()))).isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    MACHINE  FROM                  TOOK  ID  BUILD       CLIENT  OUTCOME
                    a        2026-01-01T00:00:00Z  60 s  1   hello-2.12  ci      failed
                    """);
            assertThat(run(new CommandLine(new TimelineCommand()), "--machine", "b"))
                    .isZero();
            assertThat(out.toString()).contains("no build was on a machine since");
        }
    }

    @Test
    void showsWhichKindOfMachineIsMissingAndWhatPackagesCost() throws Exception {
        try (var _ = serve()) {
            recorder.close();
            assertThat(run(new CommandLine(new LoadCommand()))).isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    SYSTEM        FEATURES  BUILDS  REFUSED  SLOT WAIT  AWAY  LONGEST  WAITING  MACHINES  SLOTS
                    x86_64-linux  kvm       1       0        3 s        0 ms  3 s      0        0         0/0
                    """);
            assertThat(run(new CommandLine(new CostsCommand()), "--by", "COPIED"))
                    .isZero();
            assertThat(out.toString()).isEqualToNormalizingNewlines("""
                    PACKAGE  SYSTEM        BUILDS  FAILED  TIME  COPYING  COPIED  OUTPUTS  MEMORY
                    hello    x86_64-linux  1       1       8 s   400 ms   3 MiB   0 B      -
                    """);
            assertThat(run(new CommandLine(new CostsCommand()), "--days", "0")).isEqualTo(CommandLine.ExitCode.USAGE);
        }
    }

    @Test
    void saysWhatItCannotFind() throws Exception {
        try (var _ = serve()) {
            assertThat(run(new CommandLine(new BuildCommand()), "77")).isNotZero();
            assertThat(out.toString()).contains("there is no build 77");
            assertThat(run(new CommandLine(new LogCommand()), "other")).isNotZero();
            assertThat(out.toString()).contains("no build of other is on record");
        }
    }

    @Test
    void saysWhatIsWrongWithItsOptions() {
        assertThat(builds("--rows", "0")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(builds("--since", "yesterday")).isEqualTo(CommandLine.ExitCode.USAGE);
        assertThat(out.toString()).contains("'yesterday' is neither a duration, such as 2h, nor a time");
        assertThat(builds("--failed", "--running")).isEqualTo(CommandLine.ExitCode.USAGE);
    }
}
