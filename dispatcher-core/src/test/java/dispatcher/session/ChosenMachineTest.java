package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Builds that are to go to one machine, as their client or their derivation says.
class ChosenMachineTest {
    @TempDir
    private Path temp;

    private final FakeMachine fast = new FakeMachine(Machines.machine("fast", 4, 10));
    private final FakeMachine slow = new FakeMachine(Machines.machine("slow", 1, 1));
    private final FakeMachine special =
            new FakeMachine(Machines.machine("special", 1, 1, List.of(), List.of("benchmark")));

    private TestFleet start() throws IOException {
        return TestFleet.plan(temp.resolve("spool")).start(fast, slow, special);
    }

    /// One that says itself which machine it is for.
    private static TestFleet.Drv drvFor(String name, String machine) {
        var plain = drv(name);
        var environment = new TreeMap<>(plain.derivation().environment());
        environment.put(ByteString.of("dispatcherMachine"), ByteString.of(machine));
        var derivation = plain.derivation();
        return new TestFleet.Drv(
                plain.path(),
                new BasicDerivation(
                        derivation.outputs(),
                        derivation.inputSources(),
                        derivation.platform(),
                        derivation.builder(),
                        derivation.arguments(),
                        environment));
    }

    @ParameterizedTest
    @EnumSource(ClientProtocol.class)
    void allBuildsOfAConnectionGoToTheChosenMachine(ClientProtocol protocol) throws Exception {
        try (var fleet = start()) {
            var client = fleet.onMachine(protocol, "slow");

            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.remote(protocol).build(drv("z")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(slow.built()).containsExactly(drv("x").path(), drv("y").path());
            assertThat(fast.built()).containsExactly(drv("z").path());
        }
    }

    @Test
    void buildWaitsForItsMachineWhileOthersAreFree() throws Exception {
        var gate = slow.holdBuilds();
        try (var fleet = start()) {
            var first = fleet.onMachine(ClientProtocol.WORKER, "slow").start(drv("x"));
            Await.until("x on slow", () -> slow.built().size() == 1);
            var client = fleet.onMachine(ClientProtocol.WORKER, "slow");
            var second = client.start(drv("y"));

            Await.until(
                    "the client hears why it waits",
                    () -> client.notes()
                            .toString()
                            .contains("y waits for machine slow (x86_64-linux): number 1 of 1, all 1 slots are taken"));
            gate.open();

            assertThat(Await.result(first).isSuccess()).isTrue();
            assertThat(Await.result(second).isSuccess()).isTrue();
            assertThat(slow.built()).containsExactly(drv("x").path(), drv("y").path());
            assertThat(fast.built()).isEmpty();
        }
    }

    @Test
    void buildForAMachineThatThereIsNotFailsAtOnceWithTheNearestName() throws Exception {
        try (var fleet = start()) {
            var client = fleet.onMachine(ClientProtocol.WORKER, "solw");

            var result = client.build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).isEqualTo("the dispatcher has no machine 'solw'; did you mean 'slow'?");
            assertThatThrownBy(() -> client.upload("input")).hasMessageContaining("did you mean 'slow'?");
        }
    }

    @Test
    void buildThatTheChosenMachineCannotDoFailsAtOnceWithTheReason() throws Exception {
        try (var fleet = start()) {
            var result = fleet.onMachine(ClientProtocol.WORKER, "special").build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message())
                    .isEqualTo("machine special cannot build %s, which is for no other: ".formatted(drv("x").path())
                            + "it is kept for builds that require benchmark");
        }
    }

    @Test
    void derivationMayChooseAndTheClientCountsMore() throws Exception {
        try (var fleet = start()) {
            assertThat(fleet.remote(ClientProtocol.WORKER)
                            .build(drvFor("x", "slow"))
                            .status())
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.onMachine(ClientProtocol.WORKER, "fast")
                            .build(drvFor("y", "slow"))
                            .status())
                    .isEqualTo(BuildStatus.BUILT);

            assertThat(slow.built()).containsExactly(drv("x").path());
            assertThat(fast.built()).containsExactly(drv("y").path());
        }
    }

    /// A client that wants it on one machine wants to know how it does there.
    @Test
    void equalBuildsForDifferentMachinesDoNotWaitForEachOther() throws Exception {
        var gate = fast.holdBuilds();
        try (var fleet = start()) {
            var anywhere = fleet.remote(ClientProtocol.WORKER).start(drv("x"));
            Await.until("x on fast", () -> fast.built().size() == 1);

            assertThat(fleet.onMachine(ClientProtocol.WORKER, "slow")
                            .build(drv("x"))
                            .status())
                    .isEqualTo(BuildStatus.BUILT);

            assertThat(slow.built()).containsExactly(drv("x").path());
            gate.open();
            assertThat(Await.result(anywhere).isSuccess()).isTrue();
        }
    }

    @Test
    void secondAttemptStaysOnTheChosenMachine() throws Exception {
        slow.dyingInBuilds("power cut");
        try (var fleet = start()) {
            var result = fleet.onMachine(ClientProtocol.WORKER, "slow").build(drv("x"));

            assertThat(result.isSuccess()).isFalse();
            assertThat(result.message()).contains("slow: ").contains("this is no fault of the build");
            assertThat(fast.built()).isEmpty();
        }
    }
}
