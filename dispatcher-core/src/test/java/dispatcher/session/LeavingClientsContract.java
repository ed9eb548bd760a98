package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.testkit.Await;
import dispatcher.testkit.NarTree;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Clients that leave before their build has ended.
interface LeavingClientsContract extends FleetParts {
    @Test
    default void clientThatLeavesInABuildEndsItOnTheMachine() throws Exception {
        var a = machine("a");
        var gate = a.holdBuilds();
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var build = client.start(drv("x"));
            gate.awaitArrivals(1);
            client.leave();
            gate.awaitDepartures(1);
            Await.until("the channel is closed", () -> a.open() == 0);

            assertThat(build).failsWithin(Duration.ofSeconds(30));
            assertThat(fleet.running()).isZero();
            assertThat(fleet.failures(a)).isZero();
            assertThat(fleet.events().all()).contains("abandoned x").noneMatch(event -> event.startsWith("lost"));
        }
    }

    @Test
    default void clientThatLeavesInTheQueueGivesUpItsPlace() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().start(a)) {
            var holder = client(fleet).start(drv("holder"));
            gate.awaitArrivals(1);
            var client = client(fleet);
            var build = client.start(drv("x"));
            Await.until("it waits", () -> fleet.queue().snapshot().waiting().size() == 1);
            client.leave();

            assertThat(build).failsWithin(Duration.ofSeconds(30));
            assertThat(fleet.queue().snapshot().waiting()).isEmpty();
            gate.open();
            assertThat(Await.result(holder).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.built()).containsExactly(drv("holder").path());
        }
    }

    @Test
    default void clientThatLeavesWhileItsInputsAreCopiedIsNotTakenForABrokenMachine() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdUploads();
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var big = client.upload("big", NarTree.file("x".repeat(1 << 20)));
            var build = client.start(drv("x", big));
            gate.awaitArrivals(1);
            client.leave();

            assertThat(build).failsWithin(Duration.ofSeconds(30));
            assertThat(fleet.failures(a)).isZero();
            assertThat(fleet.events().all()).contains("abandoned x").noneMatch(event -> event.startsWith("lost"));
            gate.open();
            Await.until("the channel is closed", () -> a.open() == 0);
        }
    }

    @Test
    default void spoolKeepsTheInputsOfAClientThatIsHereAndNoLonger() throws Exception {
        try (var fleet = plan().spoolBytes(3000).start(machine("a"))) {
            var one = client(fleet);
            one.upload("first", NarTree.file("x".repeat(2000)));
            var second = NarTree.file("y".repeat(2000));
            var two = client(fleet);
            assertThatThrownBy(() -> two.upload("second", second)).hasMessageContaining("no room");
            one.leave();
            var three = client(fleet);

            assertThat(three.has(three.upload("second", second))).isTrue();
        }
    }
}
