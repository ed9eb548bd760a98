package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Gate;
import dispatcher.testkit.Machines;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Builds on machines that have to be started first.
@Timeout(120)
class StartingMachinesFleetTest {
    private static final Duration BOOT = Duration.ofSeconds(30);

    private final FakeMachine off = new FakeMachine(Machines.machine("off", 1, 4));
    private final FakeMachine on = new FakeMachine(Machines.machine("on", 1, 1));

    @TempDir
    private Path temp;

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool")).stragglers(3).expecting(Work.of(Duration.ofMinutes(2)));
    }

    /// Builds there wait.
    private static Gate hold(FakeMachine machine) {
        var gate = new Gate();
        machine.building((drvPath, derivation, options, log) -> {
            gate.pass();
            return machine.makeOutputs(drvPath, derivation, options, log);
        });
        return gate;
    }

    @Test
    void theStartIsNoPartOfTheAttempt() throws Exception {
        var start = off.off(BOOT);
        var atOff = hold(off);
        try (var fleet = plan().start(off, on)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            var build = client.start(drv("x"));
            start.awaitArrivals(1);
            assertThat(fleet.events().starting("assigned"))
                    .as("it does not run yet")
                    .isEmpty();
            // Nobody else may take it.
            fleet.registry().drain("on", true);
            fleet.clock().advance(Duration.ofMinutes(10));
            off.comeUp();
            fleet.registry().bootChanged("off");
            atOff.awaitArrivals(1);
            fleet.registry().drain("on", false);
            fleet.clock().advance(Duration.ofSeconds(30));
            atOff.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("doubled")).isEmpty();
            assertThat(fleet.events().starting("ended")).containsExactly("ended x off BUILT");
            assertThat(fleet.events().took("x")).isEqualTo(Duration.ofSeconds(30));
            assertThat(client.notes()).anyMatch(note -> note.contains("waits for machine off to start"));
        }
    }

    @Test
    void aMachineThatGetsFreeEarlierTakesTheBuild() throws Exception {
        var start = off.off(BOOT);
        var atOn = hold(on);
        try (var fleet = plan().expecting(Work.of(Duration.ofSeconds(20))).start(off, on)) {
            var client = fleet.remote(ClientProtocol.WORKER);
            fleet.registry().drain("off", true);
            var first = client.start(drv("x"));
            atOn.awaitArrivals(1);
            fleet.registry().drain("off", false);
            // Its end is far away, as far as is known.
            fleet.clock().advance(Duration.ofMinutes(10));
            var second = fleet.remote(ClientProtocol.WORKER).start(drv("y"));
            start.awaitArrivals(1);
            atOn.open();

            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(on.built()).containsExactly(drv("x").path(), drv("y").path());
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.running()).isZero();
        }
    }

    @Test
    void aStartThatFailsSendsTheBuildElsewhere() throws Exception {
        var start = off.off(BOOT);
        off.refuse("no such domain");
        try (var fleet = plan().start(off, on)) {
            var build = fleet.remote(ClientProtocol.WORKER).start(drv("x"));
            start.awaitArrivals(1);
            start.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().all())
                    .containsSubsequence("aside off", "lost x off no such domain", "ended x on BUILT");
            assertThat(fleet.running()).isZero();
        }
    }
}
