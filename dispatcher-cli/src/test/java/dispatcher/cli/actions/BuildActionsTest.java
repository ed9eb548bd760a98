package dispatcher.cli.actions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dispatcher.build.control.BuildControl;
import dispatcher.build.control.BuildControls;
import dispatcher.build.control.Intervention;
import dispatcher.cli.api.action.BuildAction;
import dispatcher.cli.api.http.ApiClient;
import dispatcher.cli.api.http.ApiServer;
import dispatcher.cli.state.RecordDatabase;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.StorePath;
import dispatcher.record.BuildEnds;
import dispatcher.record.BuildRecorder;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BuildActionsTest {
    private static final StorePath HELLO = FakeStore.path("hello-2.12.drv");

    @TempDir
    private Path directory;

    private final BuildControls controls = new BuildControls();
    private final BuildQueue queue =
            new BuildQueue(List.of(Machines.machine("m", 1, 1)), SchedulerOptions.DEFAULT, InstantSource.system());
    private RecordDatabase database;
    private BuildRecorder records;
    private ApiServer server;
    private ApiClient client;

    @BeforeEach
    void serve() throws IOException {
        database = RecordDatabase.in(directory.resolve("state"));
        records = BuildRecorder.open(
                database.records(),
                new BuildRecorder.Limits(Duration.ofDays(1), 1024),
                InstantSource.system(),
                BuildEnds.NONE);
        var socket = directory.resolve("state/control.sock");
        server = ApiServer.open(socket, new BuildActions(controls, queue, records).endpoints());
        client = new ApiClient(socket);
    }

    @AfterEach
    void close() {
        server.close();
        records.close();
        database.close();
    }

    private BuildAction.Answer post(String path, String build) {
        return client.post(path, new BuildAction(build, Optional.of("wrong\nbranch"), Optional.of("ops")))
                .orElseThrow()
                .as(BuildAction.Answer.class);
    }

    @Test
    void aBuildIsCancelledByItsIdItsNameOrItsPath() {
        records.buildRequested(1, 1, HELLO, Samples.DERIVATION);
        for (var name : List.of("1", "hello-2.12", "hello-2.12.drv", HELLO.toString(), "/nix/store/" + HELLO)) {
            var build = new BuildControl(HELLO);
            try (var _ = controls.add(build)) {
                assertThat(post(BuildAction.CANCEL_PATH, name).drv()).isEqualTo(HELLO.toString());
                assertThat(build.cancelled()).contains(new Intervention("ops", "wrong\\nbranch"));
            }
        }
    }

    @Test
    void aBuildThatIsOverIsNotCancelled() {
        records.buildRequested(1, 1, HELLO, Samples.DERIVATION);
        records.buildFound(1, HELLO);

        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> post(BuildAction.CANCEL_PATH, "1"))
                .matches(error -> error.what().contains("hello-2.12.drv neither waits nor runs"));
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> post(BuildAction.CANCEL_PATH, "17"))
                .matches(error -> error.what().equals("there is no build 17"));
        assertThatExceptionOfType(UserFacingException.class)
                .isThrownBy(() -> post(BuildAction.RETRY_PATH, "nothing-1.0"))
                .matches(error -> error.what().equals("no build of nothing-1.0 waits or runs"));
    }

    @Test
    void twoBuildsOfOneNameAreNotGuessedBetween() {
        var other = StorePath.of("c".repeat(32), "hello-2.12.drv");
        try (var _ = controls.add(new BuildControl(HELLO));
                var _ = controls.add(new BuildControl(other))) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> post(BuildAction.CANCEL_PATH, "hello-2.12"))
                    .matches(error -> error.why().contains(HELLO.toString())
                            && error.why().contains(other.toString()));
        }
    }

    @Test
    void aBuildOnNoMachineIsNotMoved() {
        try (var _ = controls.add(new BuildControl(HELLO))) {
            assertThatExceptionOfType(UserFacingException.class)
                    .isThrownBy(() -> post(BuildAction.RETRY_PATH, "hello-2.12"))
                    .matches(error -> error.what().contains("is not on a machine"));
        }
    }

    @Test
    void aBuildThatWaitsIsRaised() throws Exception {
        var slot = queue.submit(request(FakeStore.path("a.drv")), Set.of());
        queue.submit(request(FakeStore.path("b.drv")), Set.of());
        queue.submit(request(HELLO), Set.of());
        try (var _ = controls.add(new BuildControl(HELLO))) {
            assertThat(post(BuildAction.RAISE_PATH, "hello-2.12").builds()).isEqualTo(1);
        }
        assertThat(queue.snapshot().waiting().getFirst().build().request().drvPath())
                .isEqualTo(HELLO);
        slot.cancel();
    }

    @Test
    void theCommandSaysWhatItDid() throws IOException {
        var config = Files.writeString(directory.resolve("d.yaml"), """
                listen: {socket: d.sock}
                state: state
                machines: [{hostName: a, system: x86_64-linux}]
                """);
        var build = new BuildControl(HELLO);
        var out = new java.io.StringWriter();
        try (var _ = controls.add(build)) {
            var line = new CommandLine(new CancelCommand()).setOut(new java.io.PrintWriter(out));
            assertThat(line.execute("-c", config.toString(), "hello-2.12", "--reason", "wrong branch"))
                    .isZero();
        }
        assertThat(out.toString().strip()).isEqualTo(HELLO + " is cancelled");
        assertThat(build.cancelled().orElseThrow().reason()).isEqualTo("wrong branch");
    }

    private static BuildRequest request(StorePath drvPath) {
        return new BuildRequest(drvPath, "x86_64-linux", new TreeSet<>());
    }
}
