package dispatcher.session;

import static dispatcher.session.FleetParts.failure;
import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Builds on machines that run out of disk or memory.
interface ScarceMachinesContract extends FleetParts {
    @Test
    default void buildOnAMachineWithAFullDiskGoesElsewhere() throws Exception {
        var a = machine("a", 1, 9).building((_, _, _, log) -> {
            log.line(ByteString.of("dd: error writing 'out': No space left on device"));
            return failure(BuildStatus.PERMANENT_FAILURE, "builder failed with exit code 1");
        });
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes()).singleElement().asString().contains("the disk of machine a is full");
            assertThat(fleet.failures(a)).as("for others it may do").isZero();
        }
    }

    @Test
    default void buildThatOnlySpeaksOfAFullDiskIsMadeTwiceAtMostAndFailsWithItsOwnWords() throws Exception {
        var attempts = new AtomicInteger();
        FakeStore.Builder suite = (_, _, _, log) -> {
            attempts.incrementAndGet();
            log.line(ByteString.of("not ok 3 - No space left on device"));
            return failure(BuildStatus.PERMANENT_FAILURE, "builder failed with exit code 1");
        };
        try (var fleet = plan().start(
                        machine("a").building(suite),
                        machine("b").building(suite),
                        machine("c").building(suite))) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(result.message()).contains("exit code 1").doesNotContain("disk full");
            assertThat(attempts).hasValue(2);
        }
    }

    @Test
    default void buildThatFindsAllDisksFullIsToldSo() throws Exception {
        var a = machine("a").answering(failure(BuildStatus.PERMANENT_FAILURE, "x: No space left on device"));
        try (var fleet = plan().start(a)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("x: No space left", "disk full on a", "nix-collect-garbage");
        }
    }

    @Test
    default void machineWithoutRoomForTheInputsIsPassedOver() throws Exception {
        var a = machine("a", 1, 9);
        a.store().refusing(FakeStore.path("libc"), "writing to file: No space left on device");
        var b = machine("b", 1, 1);
        try (var fleet = plan().maxAttempts(1).start(a, b)) {
            var client = client(fleet);
            assertThat(client.build(drv("x", client.upload("libc"))).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes()).singleElement().asString().contains("the disk of machine a is full");
        }
    }

    @Test
    default void killedBuildGoesElsewhereAndIsToldToLackMemoryInTheEnd() throws Exception {
        var killed = failure(BuildStatus.PERMANENT_FAILURE, "builder for 'x' failed due to signal 9 (Killed)");
        var a = machine("a", 1, 9).answering(killed);
        var b = machine("b", 1, 1).answering(killed);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            var result = client.build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("signal 9", "killed on a, b, probably because memory ran out");
            assertThat(client.notes()).hasSize(2);
        }
    }

    @Test
    default void buildThatWasKilledNobodyKnowsWhyGoesToAMachineThatIsNoLargerToo() throws Exception {
        var memory = new TreeMap<>(Map.of(Machine.MEMORY, 1L << 30));
        var a = fake(Machines.machine("a", 1, 9).withResources(memory))
                .answering(failure(BuildStatus.PERMANENT_FAILURE, "builder for 'x' failed due to signal 9 (Killed)"));
        var b = fake(Machines.machine("b", 1, 1).withResources(memory));
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);

            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.built()).hasSize(1);
            assertThat(client.notes()).singleElement().asString().contains("machine a killed");
        }
    }
}
