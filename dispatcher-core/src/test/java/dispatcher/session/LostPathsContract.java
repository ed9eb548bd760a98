package dispatcher.session;

import static dispatcher.session.FleetParts.outputOf;
import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BuildStatus;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.NarTree;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/// Inputs and outputs that a machine had and has no longer, and what an earlier dispatcher knew of them.
interface LostPathsContract extends FleetParts {
    @Test
    default void inputsThatTheMachineHasLostAreSentAgain() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            client.build(drv("x", libc));
            client.fetch(drv("x").out());
            a.store().remove(libc);

            assertThat(client.build(drv("y", libc)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.received()).containsExactly(libc, libc);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    default void outputsThatAMachineIsKnownToHoldAreNotBuiltAgain() throws Exception {
        var a = machine("a");
        var x = drv("x");
        a.makeOutputs(x.path(), x.derivation(), BuildOptions.DEFAULT, BuildLog.NONE);
        var known = new Locations();
        known.addBuilt(List.of(a.store().info(x.out())), "a");
        try (var fleet = plan().locations(known).start(a, machine("b", 1, 9))) {
            var client = client(fleet);

            assertThat(client.build(x).status()).isEqualTo(BuildStatus.ALREADY_VALID);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, a));
            assertThat(a.built()).isEmpty();
            known.add(List.of(drv("gone").out()), "a");
            assertThat(client.build(drv("gone")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    default void outputThatIsLostWithItsMachineIsMadeAgainElsewhere() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        for (var machine : List.of(a, b)) machine.building((_, derivation, _, _) -> machine.makeEqual(derivation));
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            a.die("off");

            assertThat(client.fetch(x.out())).isNotNull();
            assertThat(b.built()).containsExactly(x.path());
            assertThat(fleet.events().all()).contains("output lost x");
        }
    }

    private TestClient withALostOutput(TestFleet fleet, FakeMachine a, ClientGrant grant) throws Exception {
        var client = fleet.remote(protocol(), grant);
        assertThat(client.build(drv("x")).isSuccess()).isTrue();
        a.die("off");
        return client;
    }

    /// Machine b makes the output once more, if the gate lets it.
    private Gate holdRebuild(FakeMachine a, FakeMachine b) {
        var gate = new Gate();
        a.building((_, derivation, _, _) -> a.makeEqual(derivation));
        b.building((_, derivation, _, _) -> {
            gate.pass();
            return b.makeEqual(derivation);
        });
        return gate;
    }

    @Test
    default void outputThatIsMadeAgainForAClientIsNotWhenThatLeaves() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        var gate = holdRebuild(a, b);
        try (var fleet = plan().start(a, b)) {
            var client = withALostOutput(fleet, a, ClientGrant.DEFAULT);
            var _ = Await.start(() -> client.fetch(drv("x").out()));
            gate.awaitArrivals(1);
            client.leave();

            assertThat(fleet.running()).isZero();
            assertThat(fleet.events().all()).containsSubsequence("output lost x", "assigned x b", "abandoned x");
            gate.open();
        }
    }

    @Test
    default void outputThatIsMadeAgainIsFinishedForAnotherWhoWantsItsBuild() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        var gate = holdRebuild(a, b);
        try (var fleet = plan().start(a, b)) {
            var client = withALostOutput(fleet, a, ClientGrant.DEFAULT);
            var _ = Await.start(() -> client.fetch(drv("x").out()));
            gate.awaitArrivals(1);
            var other = client(fleet);
            var build = other.start(drv("x"));
            Await.until("the other waits", () -> !other.notes().isEmpty());
            client.breakOff();
            gate.open();

            assertThat(Await.result(build).isSuccess()).isTrue();
            assertThat(b.built()).hasSize(1);
        }
    }

    @Test
    default void outputThatIsMadeAgainForAClientWhoseBuildsAreKeptIsFinishedWithoutIt() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        var gate = holdRebuild(a, b);
        var keeping = new ClientGrant("ci", true, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), true);
        try (var fleet = plan().start(a, b)) {
            var client = withALostOutput(fleet, a, keeping);
            var _ = Await.start(() -> client.fetch(drv("x").out()));
            gate.awaitArrivals(1);
            client.breakOff();
            gate.open();
            client.leave();

            assertThat(fleet.events().all()).contains("ended x b BUILT").doesNotContain("abandoned x");
        }
    }

    /// Its client has it by then, and knows that it need not send it.
    @Test
    default void inputThatIsLostWithItsMachineIsMadeAgainForTheNextBuild() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        for (var machine : List.of(a, b)) machine.building((_, derivation, _, _) -> machine.makeEqual(derivation));
        try (var fleet = plan().start(a, b)) {
            var x = drv("x");
            var first = client(fleet);
            first.build(x);
            first.fetch(x.out());
            a.die("off");
            var y = drv("y", x.out());

            assertThat(client(fleet).build(y).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(b.built()).containsExactly(x.path(), y.path());
        }
    }

    @Test
    default void inputThatNobodyHasAndNobodyCanMakeIsToldSo() throws Exception {
        try (var fleet = plan().start(machine("a"))) {
            var result = client(fleet).build(drv("y", drv("x").out()));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("-x' is neither on the machine nor anywhere the dispatcher can get");
        }
    }

    @Test
    default void whatAnEarlierDispatcherLearnedIsFoundWhereItIs() throws Exception {
        var a = machine("a");
        var b = machine("b");
        var tree = NarTree.file("libc");
        var libc = FakeStore.info("libc", tree);
        var gone = FakeStore.path("gone");
        b.store().with(libc, tree);
        var known = new Locations();
        known.add(List.of(libc.path(), gone), "a");
        known.add(List.of(libc.path()), "b");
        known.addContents(List.of(libc));
        try (var fleet = plan().locations(known).start(a, b)) {
            var client = client(fleet);

            assertThat(client.store().queryValidPaths(List.of(libc.path(), gone), false))
                    .containsExactly(libc.path());
            assertThat(known.of(gone)).isEmpty();
            assertThat(known.of(libc.path())).containsExactly("b");
            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.received()).as("from machine to machine").containsExactly(libc.path());
            assertThat(known.of(libc.path())).containsExactly("a", "b");
        }
    }

    @Test
    default void inputThatIsNowhereIsNoFaultOfTheMachine() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var nowhere = FakeStore.path("nowhere");
            var result = client.build(drv("x", nowhere));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains(nowhere.toString());
            assertThat(fleet.failures(a)).isZero();
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.opened()).isEqualTo(1);
        }
    }
}
