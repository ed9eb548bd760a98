package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Gate;
import dispatcher.testkit.Samples;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Client in the serve protocol, machines in the worker protocol.
@Tag("slow")
class ServeToWorkerFleetTest extends FleetContract {
    @Override
    public ClientProtocol protocol() {
        return ClientProtocol.SERVE;
    }

    @Override
    public FakeMachine fake(Machine machine) {
        return new FakeMachine(machine);
    }

    // ---- limits of the client, which only the serve protocol carries

    private static BuildOptions limits(int maxSilent, int timeout, long maxLogBytes) {
        return new BuildOptions(
                BuildMode.NORMAL, Duration.ofSeconds(maxSilent), Duration.ofSeconds(timeout), maxLogBytes, false);
    }

    /// On two machines, so that it would show if the build were taken for lost.
    private void isStopped(FakeMachine a, BuildOptions options, BuildStatus status, String why) throws Exception {
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            var result = client.build(drv("x"), options);

            assertThat(result.status()).isEqualTo(status);
            assertThat(result.message()).contains("building of '").contains("x.drv' " + why);
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
            Await.until("the build's channel is closed", () -> a.open() == 0);
            a.building(a::makeOutputs);
            assertThat(client.build(drv("y"), options).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void whatIsKeptOfAFailedBuildIsAskedForAndTold() throws Exception {
        var a = machine("a", 1, 1);
        var asked = new java.util.concurrent.CopyOnWriteArrayList<Boolean>();
        a.building((_, _, options, log) -> {
            asked.add(options.keepFailed());
            if (options.keepFailed() && asked.size() == 1)
                log.note("note: keeping build directory '\u001b[35;1m/nix/var/nix/builds/nix-1-2/build\u001b[0m'");
            return Samples.FAILED;
        });
        var keeping = new BuildOptions(BuildMode.NORMAL, Duration.ZERO, Duration.ZERO, 0, true);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            for (var options : java.util.List.of(keeping, keeping, BuildOptions.DEFAULT, keeping))
                assertThat(client.build(drv("x"), options).isSuccess()).isFalse();

            assertThat(asked).containsExactly(true, true, false, true);
            assertThat(client.notes().stream().filter(note -> note.contains("kept")))
                    .satisfiesExactly(
                            note -> assertThat(note)
                                    .startsWith("dispatcher: the build directory of ")
                                    .endsWith("x.drv is kept on machine a: /nix/var/nix/builds/nix-1-2/build"),
                            note -> assertThat(note)
                                    .startsWith("dispatcher: machine a has kept no build directory of "),
                            note -> assertThat(note)
                                    .startsWith("dispatcher: machine a has kept no build directory of "));
        }
    }

    @Test
    void buildThatTakesTooLongIsStopped() throws Exception {
        var a = machine("a", 1, 9);
        a.holdBuilds();
        isStopped(a, limits(0, 1, 0), BuildStatus.TIMED_OUT, "timed out after 1 seconds");
    }

    @Test
    void silentBuildIsStopped() throws Exception {
        var a = machine("a", 1, 9);
        a.holdBuilds();
        isStopped(a, limits(1, 60, 0), BuildStatus.TIMED_OUT, "timed out after 1 seconds of silence");
    }

    @Test
    void buildThatWritesTooMuchIsStopped() throws Exception {
        var a = machine("a", 1, 9);
        var gate = new Gate();
        a.building((_, _, _, log) -> {
            for (int i = 0; i < 100; i++) log.line(ByteString.of("line " + i));
            log.flush();
            gate.pass();
            return Samples.FAILED;
        });
        isStopped(
                a,
                limits(0, 0, 500),
                BuildStatus.LOG_LIMIT_EXCEEDED,
                "killed after writing more than 500 bytes of log output");
    }
}
