package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that are machines of the fleet themselves: their Nix locks what it asks for.
class HomeMachineTest {
    /// Where [TestFleet#remote] clients come from.
    private static final String HOME = "10.0.0.3";

    private static final BuildResult FAILED =
            BuildResult.of(BuildStatus.MISC_FAILURE, "builder for '/nix/store/x.drv' failed with exit code 1");

    @TempDir
    private Path temp;

    private final FakeMachine home = new FakeMachine(Machines.machine("home", 1, 10)).at(HOME);
    private final FakeMachine other = new FakeMachine(Machines.machine("other", 1, 1)).at("10.0.0.9");

    private TestFleet start(FakeMachine... machines) throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(machines);
    }

    /// A client that comes from neither machine.
    private static TestClient stranger(TestFleet fleet) throws IOException {
        return fleet.remote(ClientProtocol.WORKER, "stranger", ClientGrant.DEFAULT);
    }

    @Test
    void buildGoesElsewhereThanToTheHostThatAsksForIt() throws Exception {
        try (var fleet = start(home, other)) {
            var client = fleet.remote(ClientProtocol.WORKER);

            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(home.built()).isEmpty();
            assertThat(other.built()).containsExactly(drv("x").path(), drv("y").path());
            assertThat(fleet.events().starting("lost "))
                    .as("only before anything is known of it")
                    .hasSize(1);
            assertThat(fleet.events().starting("aside")).isEmpty();
            assertThat(client.notes()).isEmpty();
        }
    }

    @Test
    void buildOfAnotherClientGoesThere() throws Exception {
        try (var fleet = start(home, other)) {
            assertThat(stranger(fleet).build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(home.built()).containsExactly(drv("x").path());
        }
    }

    @Test
    void buildThatOnlyTheAskingHostCouldDoFailsWithTheReason() throws Exception {
        try (var fleet = start(home)) {
            var client = fleet.remote(ClientProtocol.WORKER);

            for (int i = 0; i < 2; i++) {
                var result = client.build(drv("x"));
                assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
                assertThat(result.message())
                        .contains("asked for on the only machine that is there for it", "--builders ''")
                        .contains("home: client ci@10.0.0.3:51234 asks for it on this very machine");
            }
            assertThat(home.built()).isEmpty();
        }
    }

    /// The host holds the lock by the time that the build could begin there.
    @Test
    void buildDoesNotBeginOnAHostThatHasComeToWaitForIt() throws Exception {
        var gate = other.holdBuilds();
        var first = home.holdBuilds();
        try (var fleet = start(home, other)) {
            var occupied = stranger(fleet).start(drv("a"));
            Await.until("a on home", () -> home.built().size() == 1);
            var occupiedToo = stranger(fleet).start(drv("b"));
            Await.until("b on the other", () -> other.built().size() == 1);
            var asked = stranger(fleet).start(drv("x"));
            Await.until("x waits", () -> fleet.queue().snapshot().waiting().size() == 1);
            var client = fleet.remote(ClientProtocol.WORKER);
            var follows = client.start(drv("x"));
            Await.until("the host waits too", () -> client.notes().toString().contains("is being built for another"));

            first.open();
            Await.until(
                    "x was not begun on home",
                    () -> !fleet.events().starting("lost x").isEmpty());
            gate.open();

            assertThat(Await.result(asked).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(Await.result(follows).isSuccess()).isTrue();
            assertThat(Await.result(occupied).isSuccess()).isTrue();
            assertThat(Await.result(occupiedToo).isSuccess()).isTrue();
            assertThat(home.built()).containsExactly(drv("a").path());
        }
    }

    private void asksBack(AtomicReference<TestFleet> fleet, AtomicReference<BuildResult> answer) {
        home.building((_, _, _, _) -> {
            answer.set(fleet.get().remote(ClientProtocol.SERVE).build(drv("x")));
            return FAILED;
        });
    }

    @Test
    void hostThatAsksForWhatItIsBuildingDoesNotWaitForItself() throws Exception {
        var dispatcher = new AtomicReference<TestFleet>();
        var answer = new AtomicReference<BuildResult>();
        asksBack(dispatcher, answer);
        try (var fleet = start(home, other)) {
            dispatcher.set(fleet);

            assertThat(stranger(fleet).build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(answer.get().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(answer.get().message())
                    .contains("machine home asks for it, which is building it", "'builders' in the nix.conf of home");
            assertThat(other.built()).containsExactly(drv("x").path());
            assertThat(fleet.running()).isZero();
        }
    }

    @Test
    void buildThatOnlyAHostThatAsksBackCouldDoFailsWithTheReason() throws Exception {
        var dispatcher = new AtomicReference<TestFleet>();
        asksBack(dispatcher, new AtomicReference<>());
        try (var fleet = start(home)) {
            dispatcher.set(fleet);

            var result = stranger(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message())
                    .contains("no fault of the build", "has this dispatcher among the builders of its own nix.conf");
        }
    }
}
