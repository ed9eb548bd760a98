package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.ClientGrant;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.NarToAdd;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import dispatcher.wire.NarSummary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Large inputs go on to the machine that will probably build while they come.
@Timeout(120)
class EarlySendTest {
    private static final NarTree LARGE = large("a");

    @TempDir
    private Path temp;

    private final Gate middle = new Gate();

    private static NarTree large(String letter) {
        return NarTree.file(letter.repeat((int) EarlySends.LEAST_BYTES));
    }

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    private static TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(ClientProtocol.WORKER);
    }

    private static StorePath path(String name) {
        return FakeStore.path(name);
    }

    /// The upload of a large path stops in the middle until the gate is open.
    private CompletableFuture<StorePath> upload(
            TestClient client, String name, NarTree tree, Gate gate, StorePath... references) {
        var info = FakeStore.info(name, tree, references);
        return Await.start(() -> {
            client.store().addToStore(List.of(inHalves(info, tree, gate)));
            return info.path();
        });
    }

    private static NarToAdd inHalves(PathInfo info, NarTree tree, Gate gate) {
        return new NarToAdd(info, sink -> {
            var nar = tree.toNar();
            sink.write(nar, 0, nar.length / 2);
            sink.flush();
            gate.pass();
            sink.write(nar, nar.length / 2, nar.length - nar.length / 2);
            return new NarSummary(info.narHash(), nar.length);
        });
    }

    private static void awaitEarly(TestFleet fleet, String input, String machine) {
        var event = "early %s %s".formatted(input, machine);
        Await.until(event, () -> fleet.events().all().contains(event));
    }

    private static long begunUploads(FakeMachine machine, StorePath path) {
        return machine.store().journal().stream()
                .filter(("addToStore " + path)::equals)
                .count();
    }

    private static void awaitBegun(FakeMachine machine, String name) {
        Await.until(name + " is on its way", () -> begunUploads(machine, path(name)) == 1);
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void largeInputIsOnTheMachineBeforeABuildIsAskedFor(MachineProtocol protocol) throws Exception {
        var machine =
                protocol == MachineProtocol.SSH ? FakeMachine.named("m", 2).overServe() : FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            var uploading = upload(client, "large", LARGE, middle);
            awaitBegun(machine, "large");
            middle.open();
            Await.result(uploading);
            awaitEarly(fleet, "large", "m");
            assertThat(machine.store().tree(path("large"))).isEqualTo(LARGE);
            assertThat(fleet.events().starting("queued")).isEmpty();

            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(machine.received()).containsExactly(path("large"));
            assertThat(fleet.events().starting("copied")).containsExactly("copied x m 0");
            assertThat(machine.opened())
                    .as("the build uses the same conversation")
                    .isEqualTo(1);
        }
    }

    @Test
    void buildWaitsForAnInputThatIsStillOnItsWayAndIsNotSentAgain() throws Exception {
        var machine = FakeMachine.named("m", 2);
        var uploads = machine.holdUploads();
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            client.upload("large", LARGE);
            uploads.awaitArrivals(1);
            var build = client.start(drv("x", path("large")));
            Await.until("assigned", () -> !fleet.events().starting("assigned").isEmpty());
            uploads.open();
            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(uploads.arrived()).isEqualTo(1);
            assertThat(machine.received()).containsExactly(path("large"));
        }
    }

    @Test
    void clientNeverWaitsForASlowMachine() throws Exception {
        var machine = FakeMachine.named("m", 2);
        var uploads = machine.holdUploads();
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            for (var name : List.of("a", "b", "c", "d")) client.upload(name, large(name));
            assertThat(fleet.spooled()).hasSize(4);
            assertThat(machine.received()).isEmpty();
            assertThat(uploads.arrived()).as("at once to one machine").isLessThanOrEqualTo(2);
            uploads.open();
            assertThat(client.build(drv("x", path("a"), path("b"), path("c"), path("d")))
                            .status())
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(machine.received()).containsExactlyInAnyOrder(path("a"), path("b"), path("c"), path("d"));
        }
    }

    @ParameterizedTest
    @EnumSource(MachineProtocol.class)
    void uploadThatIsNotWhatItSaidLeavesNothingOnTheMachine(MachineProtocol protocol) throws Exception {
        var machine =
                protocol == MachineProtocol.SSH ? FakeMachine.named("m", 2).overServe() : FakeMachine.named("m", 2);
        var announced = FakeStore.info("large", LARGE);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            var other = large("b");
            var upload = Await.start(() -> {
                client.store().addToStore(List.of(inHalves(announced, other, middle)));
                return true;
            });
            awaitBegun(machine, "large");
            middle.open();
            assertThatThrownBy(() -> Await.result(upload)).hasMessageContaining("hash");
            Await.until("the machine's conversation has ended", () -> machine.open() == 0);
            assertThat(machine.store().paths()).isEmpty();
            assertThat(machine.received()).isEmpty();
            assertThat(fleet.failures(machine)).isZero();
            assertThat(fleet.events().starting("early")).isEmpty();

            client.upload("large", LARGE);
            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(machine.store().tree(path("large"))).isEqualTo(LARGE);
        }
    }

    @Test
    void clientThatBreaksOffLeavesNothingOnTheMachine() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            var _ = upload(client, "large", LARGE, middle);
            awaitBegun(machine, "large");
            client.breakOff();
            Await.until("the machine's conversation has ended", () -> machine.open() == 0);
            assertThat(machine.store().paths()).isEmpty();
            assertThat(fleet.failures(machine)).isZero();
            middle.open();
        }
    }

    @Test
    void wrongGuessBuildsElsewhereWithAllItNeeds() throws Exception {
        var fast = new FakeMachine(Machines.machine("fast", 2, 9));
        var big = new FakeMachine(Machines.machine("big", 2, 1, List.of("kvm"), List.of()));
        try (var fleet = plan().start(fast, big)) {
            var client = client(fleet);
            client.upload("large", LARGE);
            awaitEarly(fleet, "large", "fast");
            assertThat(client.build(drv("x", path("large")).requiring("kvm")).status())
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(big.built()).containsExactly(path("x.drv"));
            assertThat(big.store().tree(path("large"))).isEqualTo(LARGE);

            client.upload("next", large("n"));
            awaitEarly(fleet, "next", "big");
        }
    }

    @Test
    void wrongGuessThatIsStillUnderWayHoldsNoBuildUp() throws Exception {
        var fast = new FakeMachine(Machines.machine("fast", 2, 9));
        var big = new FakeMachine(Machines.machine("big", 2, 1, List.of("kvm"), List.of()));
        var uploads = fast.holdUploads();
        try (var fleet = plan().start(fast, big)) {
            var client = client(fleet);
            client.upload("large", LARGE);
            uploads.awaitArrivals(1);
            assertThat(client.build(drv("x", path("large")).requiring("kvm")).status())
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(uploads.arrived()).isEqualTo(1);
            assertThat(fast.received()).isEmpty();
            client.leave();
            uploads.open();
            Await.until("it is given up with its client", () -> fast.open() == 0);
            assertThat(fast.received()).isEmpty();
        }
    }

    @Test
    void equalMachinesAreBothGoodAndTheBuildGoesWhereTheInputIs() throws Exception {
        var first = FakeMachine.named("first", 2);
        var second = FakeMachine.named("second", 2);
        try (var fleet = plan().start(first, second)) {
            var client = client(fleet);
            for (int i = 0; i < 4; i++) {
                client.upload("large" + i, large("" + i));
                assertThat(client.build(drv("x" + i, path("large" + i))).status())
                        .isEqualTo(BuildStatus.BUILT);
            }
            assertThat(first.received().size() + second.received().size()).isEqualTo(4);
        }
    }

    @Test
    void anotherClientsBuildDoesNotWaitForAnUploadThatStalls() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var stalled = client(fleet);
            var uploading = upload(stalled, "large", LARGE, middle);
            awaitBegun(machine, "large");

            var other = client(fleet);
            other.upload("large", LARGE);
            assertThat(other.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(machine.received()).containsExactly(path("large"));
            middle.open();
            Await.result(uploading);
        }
    }

    @Test
    void nothingIsSentEarlyWhileABuildsInputsAreOnTheirWayThere() throws Exception {
        var machine = FakeMachine.named("m", 4);
        var uploads = machine.holdUploads();
        try (var fleet = plan().start(machine)) {
            var builder = client(fleet);
            builder.upload("small");
            var build = builder.start(drv("x", path("small")));
            uploads.awaitArrivals(1);

            var client = client(fleet);
            client.upload("large", LARGE);
            assertThat(machine.opened()).as("no conversation for it").isEqualTo(1);
            uploads.open();
            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("early")).isEmpty();
        }
    }

    @Test
    void inputThatIsOnItsWayStopsWhileABuildsInputsGoThere() throws Exception {
        var machine = FakeMachine.named("m", 4);
        try (var fleet = plan().start(machine)) {
            var builder = client(fleet);
            builder.upload("small");
            var client = client(fleet);
            var uploading = upload(client, "large", LARGE, middle);
            awaitBegun(machine, "large");

            var uploads = machine.holdUploads();
            var build = builder.start(drv("x", path("small")));
            uploads.awaitArrivals(1);
            middle.open();
            Await.result(uploading);
            // All of it is here now, and most of it would be there.
            assertThat(fleet.spooled()).contains(path("large"));
            assertThat(machine.received()).isEmpty();
            uploads.open();
            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            awaitEarly(fleet, "large", "m");
            assertThat(machine.received()).containsExactly(path("small"), path("large"));
        }
    }

    @Test
    void whatTheInputRefersToGoesThereFirst() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            client.upload("libc");
            client.upload("lib", path("libc"));
            client.upload("large", LARGE, path("lib"));
            awaitEarly(fleet, "large", "m");
            assertThat(machine.received()).containsExactly(path("libc"), path("lib"), path("large"));
            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(machine.received()).hasSize(3);
        }
    }

    @Test
    void inputWhoseReferencesAreNowhereIsNotSentEarly() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            client.upload("large", LARGE, path("elsewhere"));
            Await.until("its references were looked for", () -> machine.opened() == 1);
            machine.store().with(FakeStore.info("elsewhere", NarTree.file("e")), NarTree.file("e"));
            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(machine.received()).containsExactly(path("large"));
        }
    }

    @Test
    void smallInputsComeWithTheBuild() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            client(fleet).upload("small");
            assertThat(machine.opened()).isZero();
        }
    }

    @Test
    void inputThatAnUntrustedClientMayNotUploadGoesNowhere() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = fleet.remote(ClientProtocol.WORKER, grant(false, Optional.empty()));
            assertThatThrownBy(() -> client.upload("large", LARGE))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("lacks a signature");
            assertThat(machine.opened()).isZero();

            var info = FakeMachine.addressed("large", LARGE);
            client.store().addToStore(List.of(FakeStore.toAdd(info, LARGE)));
            awaitEarly(fleet, "large", "m");
            assertThat(machine.received()).containsExactly(info.path());
        }
    }

    @Test
    void machineThatTheClientMayNotUseGetsNothing() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            SortedSet<String> arm = new TreeSet<>(List.of("aarch64-linux"));
            fleet.remote(ClientProtocol.WORKER, grant(true, Optional.of(arm))).upload("large", LARGE);
            assertThat(machine.opened()).isZero();
        }
    }

    private static ClientGrant grant(boolean trusted, Optional<SortedSet<String>> systems) {
        return new ClientGrant("guests", trusted, 0, systems, Optional.empty(), OptionalInt.empty(), false);
    }

    @Test
    void nothingIsSentEarlyOverALimitedUplink() throws Exception {
        var machine = FakeMachine.named("m", 2).rationed();
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            client.upload("large", LARGE);
            assertThat(machine.opened()).isZero();
            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("copied")).containsExactly("copied x m 1");
        }
    }

    @Test
    void machineThatIsBusyDrainedOrAwayGetsNothing() throws Exception {
        var machine = FakeMachine.named("m", 1);
        var builds = machine.holdBuilds();
        try (var fleet = plan().start(machine)) {
            var busy = client(fleet).start(drv("x"));
            builds.awaitArrivals(1);
            var client = client(fleet);
            client.upload("a", large("a"));
            builds.open();
            assertThat(Await.result(busy).status()).isEqualTo(BuildStatus.BUILT);
            fleet.registry().drain("m", true);
            client.upload("b", large("b"));
            fleet.registry().drain("m", false);
            MachineEvents.at(fleet.queue()).failed("m", fleet.clock().instant(), "gone");
            client.upload("c", large("c"));
            assertThat(machine.received()).isEmpty();
            assertThat(begunUploads(machine, path("a"))
                            + begunUploads(machine, path("b"))
                            + begunUploads(machine, path("c")))
                    .isZero();
            assertThat(machine.opened()).as("the build's only").isEqualTo(1);
        }
    }

    @Test
    void machineThatBreaksMeanwhileIsFoundOutByTheBuild() throws Exception {
        var breaking = new FakeMachine(Machines.machine("breaking", 2, 9));
        var other = FakeMachine.named("other", 2);
        try (var fleet = plan().start(breaking, other)) {
            var client = client(fleet);
            var uploading = upload(client, "large", LARGE, middle);
            awaitBegun(breaking, "large");
            breaking.die("the power went");
            middle.open();
            Await.result(uploading);
            assertThat(fleet.failures(breaking)).as("no build has seen it").isZero();
            assertThat(client.build(drv("x", path("large"))).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(other.built()).containsExactly(path("x.drv"));
            assertThat(other.store().tree(path("large"))).isEqualTo(LARGE);
        }
    }

    @Test
    void secondInputGoesInTheSameConversationWhichKeepsTheFirst() throws Exception {
        var machine = FakeMachine.named("m", 2);
        try (var fleet = plan().start(machine)) {
            var client = client(fleet);
            client.upload("a", large("a"));
            awaitEarly(fleet, "a", "m");
            Await.until("it is over", () -> machine.received().size() == 1);
            client.upload("b", large("b"), path("a"));
            awaitEarly(fleet, "b", "m");
            assertThat(machine.received()).containsExactly(path("a"), path("b"));
            assertThat(machine.opened()).isLessThanOrEqualTo(2);
        }
    }
}
