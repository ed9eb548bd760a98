package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Keys;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The machines change while clients are at work.
final class ReplacedMachinesTest {
    @TempDir
    private Path temp;

    private TestFleet start(FakeMachine... machines) throws IOException {
        return plan().start(machines);
    }

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool")).unavailable(Duration.ofMinutes(1));
    }

    private static TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(ClientProtocol.WORKER);
    }

    private static Machine elsewhere(Machine machine) {
        return new Machine(
                machine.name(),
                new MachineAddress("elsewhere", MachineAddress.SSH_PORT, "nix", Optional.empty(), Optional.empty()),
                machine.protocol(),
                machine.systems(),
                machine.maxJobs(),
                machine.speedFactor(),
                machine.supportedFeatures(),
                machine.mandatoryFeatures());
    }

    @Test
    void removedMachineFinishesWhatItBuildsAndIsThenLeft() throws Exception {
        var a = FakeMachine.named("a", 1);
        var b = FakeMachine.named("b", 1);
        var gate = a.holdBuilds();
        try (var fleet = start(a)) {
            var client = client(fleet);
            var build = client.start(drv("x"));
            gate.awaitArrivals(1);
            fleet.replaceMachines(b);
            assertThat(a.isClosed()).isFalse();
            assertThat(client(fleet).build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
            gate.open();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(drv("x").out()).toString()).isNotEmpty();
            Await.until("a is left", () -> a.isClosed() && a.open() == 0);
            assertThat(a.built()).containsExactly(drv("x").path());
            assertThat(fleet.machines()).containsExactly("b");
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    void removedMachineStaysUntilItsOutputsAreFetched() throws Exception {
        var a = FakeMachine.named("a", 1).padding(FleetParts.LARGE);
        try (var fleet = start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            fleet.replaceMachines(FakeMachine.named("b", 1));
            assertThat(a.isClosed()).isFalse();
            assertThat(client.has(drv("x").out())).isTrue();
            client.fetch(drv("x").out());

            Await.until("a is left", a::isClosed);
        }
    }

    @Test
    void removedMachineThatDoesNothingIsLeftAtOnce() throws Exception {
        var a = FakeMachine.named("a", 1);
        try (var fleet = start(a)) {
            var client = client(fleet);
            client.build(drv("x"));
            client.fetch(drv("x").out());
            fleet.replaceMachines(FakeMachine.named("b", 1));

            assertThat(a.isClosed()).isTrue();
            Await.until("its conversations have ended", () -> a.open() == 0);
        }
    }

    @Test
    void removedMachineThatDiesCostsItsBuildAnAttemptAndNothingElse() throws Exception {
        var a = FakeMachine.named("a", 1);
        var b = FakeMachine.named("b", 1);
        var gate = a.holdBuilds();
        try (var fleet = start(a)) {
            var build = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            fleet.replaceMachines(b);
            a.die("switched off");

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.built()).containsExactly(drv("x").path());
            assertThat(fleet.events().starting("aside")).isEmpty();
            gate.open();
        }
    }

    @Test
    void buildWhoseLastMachineIsRemovedDoesNotWaitForOthersThatHaveBeenAwayForLong() throws Exception {
        var a = FakeMachine.named("a", 1);
        var b = FakeMachine.named("b", 1);
        a.die("switched off");
        var gate = b.holdBuilds();
        try (var fleet = start(a, b)) {
            var first = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            var second = client(fleet).start(drv("y"));
            Await.until(
                    "a is set aside", () -> !fleet.events().starting("aside a").isEmpty());
            fleet.clock().advance(Duration.ofMinutes(2));
            assertThat(second).isNotDone();
            fleet.replaceMachines(a);

            assertThat(Await.result(second).message()).contains("no machine for it is there", "a: switched off");
            gate.open();
            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void machineOfTheSameNameElsewhereGetsNewBuildsWhileThoseUnderWayEndWhereTheyAre() throws Exception {
        var before = FakeMachine.named("m", 1);
        var after = new FakeMachine(elsewhere(before.machine()));
        var gate = before.holdBuilds();
        try (var fleet = start(before)) {
            var client = client(fleet);
            var first = client.start(drv("x"));
            gate.awaitArrivals(1);
            var second = client(fleet).start(drv("y"));
            fleet.replaceMachines(after);
            gate.open();

            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(before.built()).containsExactly(drv("x").path());
            assertThat(after.built()).containsExactly(drv("y").path());
            client.fetch(drv("x").out());
            Await.until("the old one is left", before::isClosed);
        }
    }

    @Test
    void oldMachineThatBreaksIsNotHeldAgainstTheNewOneOfItsName() throws Exception {
        var before = FakeMachine.named("m", 2);
        var after = new FakeMachine(elsewhere(before.machine()));
        var gate = before.holdBuilds();
        try (var fleet = start(before)) {
            var build = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            fleet.replaceMachines(after);
            before.die("moved away");

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(after.built()).containsExactly(drv("x").path());
            assertThat(fleet.events().starting("aside")).isEmpty();
            gate.open();
        }
    }

    @Test
    void machineThatWasSetAsideAndIsSomewhereElseNowIsUsedAtOnce() throws Exception {
        var before = FakeMachine.named("m", 1);
        before.die("wrong address");
        try (var fleet = start(before)) {
            var build = client(fleet).start(drv("x"));
            Await.until("it is set aside", () -> fleet.events().all().contains("aside m"));
            fleet.replaceMachines(new FakeMachine(elsewhere(before.machine())));

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.failures(before)).isZero();
        }
    }

    @Test
    void nobodyWaitsForAMachineThatWasSetAsideAndIsGone() throws Exception {
        var a = FakeMachine.named("a", 1);
        a.die("off");
        try (var fleet = start(a)) {
            var build = client(fleet).start(drv("x"));
            Await.until("it is set aside", () -> fleet.events().all().contains("aside a"));
            var arm = FakeMachine.named("arm", 1).machine();
            fleet.replaceMachines(new FakeMachine(new Machine(
                    arm.name(),
                    arm.address(),
                    arm.protocol(),
                    new TreeSet<>(List.of("aarch64-linux")),
                    1,
                    1,
                    arm.supportedFeatures(),
                    arm.mandatoryFeatures())));

            var result = Await.result(build);
            assertThat(result.isSuccess()).isFalse();
            assertThat(fleet.machines()).containsExactly("arm");
            Await.until("a is left", a::isClosed);
        }
    }

    @Test
    void buildThatWaitsAndFitsNoMachineAnyMoreIsToldSo() throws Exception {
        var a = FakeMachine.named("a", 1);
        var gate = a.holdBuilds();
        try (var fleet = start(a)) {
            var running = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            var waiting = client(fleet).start(drv("y"));
            Await.until("one waits", () -> fleet.queue().snapshot().waiting().size() == 1);
            fleet.replaceMachines(new FakeMachine(Machines.machine("kvm", 1, 1, List.of("kvm"), List.of("kvm"))));

            var result = Await.result(waiting);
            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).contains("no machine can build", "kvm: ");
            gate.open();
            assertThat(Await.result(running).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    void addedMachineTakesWhatWaits() throws Exception {
        var a = FakeMachine.named("a", 1);
        var b = FakeMachine.named("b", 1);
        var gate = a.holdBuilds();
        try (var fleet = start(a)) {
            var first = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            var second = client(fleet).start(drv("y"));
            fleet.replaceMachines(a, b);

            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.built()).containsExactly(drv("y").path());
            gate.open();
            Await.result(first);
        }
    }

    @Test
    void machineThatIsReachedAsBeforeKeepsItsConversations() throws Exception {
        var a = FakeMachine.named("a", 1);
        try (var fleet = start(a)) {
            var client = client(fleet);
            client.build(drv("x"));
            client.fetch(drv("x").out());
            int opened = a.opened();
            fleet.replaceMachines(a);
            client.build(drv("y"));

            assertThat(a.opened()).isEqualTo(opened);
            assertThat(a.isClosed()).isFalse();
        }
    }

    @Test
    void promiseOfARemovedMachineIsKept() throws Exception {
        var fetching = FakeMachine.named("fetching", 0);
        var building = FakeMachine.named("building", 1);
        var tree = NarTree.file("libc");
        var key = Keys.secret("cache-1");
        var libc = key.sign(FakeStore.info("libc", tree), StoreDir.NIX_STORE);
        fetching.store().substituting(libc, tree);
        try (var fleet = plan().trusting(key.publicKey()).start(fetching, building)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());
            fleet.replaceMachines(building);

            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            client.leave();
            Await.until("it is left", fetching::isClosed);
        }
    }

    @Test
    @Tag("slow")
    void machinesThatComeAndGoAllTheTimeLoseNoBuild() throws Exception {
        var a = FakeMachine.named("a", 2);
        var b = FakeMachine.named("b", 2);
        try (var fleet = start(a, b)) {
            var builds = Await.start(() -> {
                var client = client(fleet);
                for (int i = 0; i < 200; i++) {
                    assertThat(client.build(drv("x" + i)).status()).isEqualTo(BuildStatus.BUILT);
                    client.fetch(drv("x" + i).out());
                }
                return true;
            });
            // Each time at another address, so that none is the one before.
            for (int i = 0; !builds.isDone(); i++) {
                var fresh = FakeMachine.named("a" + i, 2);
                fleet.replaceMachines(i % 2 == 0 ? new FakeMachine[] {b, fresh} : new FakeMachine[] {fresh});
                if (i % 2 != 0) b = FakeMachine.named("b", 2);
                Thread.onSpinWait();
                fleet.queue().snapshot();
            }

            assertThat(Await.result(builds)).isTrue();
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.events().starting("aside")).isEmpty();
        }
    }
}
