package dispatcher.session;

import static dispatcher.session.FleetParts.failure;
import static dispatcher.session.FleetParts.outputOf;
import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.access.ClientGrant;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.StorePath;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Gate;
import dispatcher.testkit.Machines;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// Builds when all is well: their inputs, logs and outputs, equal builds, and the notes that waiting clients get.
interface BuildsContract extends FleetParts {
    @Test
    default void buildGetsItsUploadsAndItsOutputComesFromTheMachine() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            var tool = client.upload("tool", libc);
            var x = drv("x", tool, libc);
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, a));

            assertThat(a.received()).containsExactly(libc, tool);
            assertThat(fleet.events().all())
                    .containsSubsequence("queued x", "assigned x a", "copied x a 2", "ended x a BUILT", "sent x a");
        }
    }

    @Test
    default void inputThatTheMachineHasIsNotSentAgain() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            client.build(drv("x", libc));
            client.build(drv("y", libc));

            assertThat(a.received()).containsExactly(libc);
            assertThat(fleet.events().all()).contains("copied y a 0");
        }
    }

    @Test
    default void closureIsCompletedFromItsRoots() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            var tool = client.upload("tool", libc);
            client.build(drv("x", tool));

            assertThat(a.received()).containsExactly(libc, tool);
        }
    }

    @Test
    default void conversationWithAMachineServesManyBuilds() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            for (var name : List.of("x", "y", "z")) {
                var client = client(fleet);
                client.build(drv(name));
                client.fetch(drv(name).out());
                client.leave();
            }
            assertThat(a.opened()).isEqualTo(1);
        }
    }

    @Test
    default void logReachesTheClient() throws Exception {
        var a = machine("a");
        a.building((drvPath, derivation, options, log) -> {
            log.line(ByteString.of("compiling"));
            log.line(ByteString.of("linking"));
            return a.makeOutputs(drvPath, derivation, options, log);
        });
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            client.build(drv("x"));

            assertThat(client.log().lines()).containsSubsequence("compiling", "linking");
        }
    }

    @Test
    default void failingBuildIsToldWithItsMessage() throws Exception {
        var a = machine("a").answering(failure(BuildStatus.PERMANENT_FAILURE, "builder failed with exit code 7"));
        var b = machine("b");
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            var result = client.build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(result.message()).isEqualTo("builder failed with exit code 7");
            assertThat(b.built()).isEmpty();
            assertThat(client.notes()).isEmpty();
            assertThat(fleet.running()).isZero();
            assertThat(fleet.failures(a)).isZero();
            client.build(drv("y"));
            assertThat(a.opened()).isEqualTo(1);
        }
    }

    @Test
    default void floatingOutputIsFoundWhereTheResultSays() throws Exception {
        var a = fake(Machines.machine("a", 1, 1, List.of("ca-derivations"), List.of()));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x").with(new DerivationOutput.Floating(MethodAlgorithm.parseDerivation("r:sha256")));
            var result = client.build(x);
            var out = result.outputs().get("out");

            assertThat(out).isNotNull();
            assertThat(client.fetch(out.outPath())).isEqualTo(outputOf(x, a));
        }
    }

    @Test
    default void twoClientsBuildAtOnce() throws Exception {
        var a = machine("a", 1, 1);
        var b = machine("b", 1, 1);
        var gates = List.of(a.holdBuilds(), b.holdBuilds());
        try (var fleet = plan().start(a, b)) {
            var one = client(fleet);
            var two = client(fleet);
            var x = one.start(drv("x"));
            var y = two.start(drv("y"));
            gates.forEach(gate -> gate.awaitArrivals(1));
            gates.forEach(gate -> gate.open());

            assertThat(List.of(Await.result(x).status(), Await.result(y).status()))
                    .containsOnly(BuildStatus.BUILT);
            one.fetch(drv("x").out());
            two.fetch(drv("y").out());
        }
    }

    @Test
    default void whatAClientHadBuiltIsThereForTheNext() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var one = client(fleet);
            var x = drv("x");
            one.build(x);
            one.leave();
            var two = client(fleet);

            assertThat(two.has(x.out())).isTrue();
            assertThat(two.fetch(x.out())).isEqualTo(outputOf(x, a));
        }
    }

    @Test
    default void whatOneMachineBuiltGoesToAnotherThatNeedsIt() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var one = client(fleet);
            var x = drv("x");
            one.build(x);
            var gate = a.holdBuilds();
            var holder = client(fleet).start(drv("holder"));
            gate.awaitArrivals(1);
            var two = client(fleet);
            assertThat(two.has(x.out())).isTrue();
            assertThat(two.build(drv("y", x.out())).status()).isEqualTo(BuildStatus.BUILT);
            gate.open();
            Await.result(holder);

            assertThat(b.received()).containsExactly(x.out());
            assertThat(b.store().tree(x.out())).isEqualTo(outputOf(x, a));
        }
    }

    @Test
    default void manyPathsOnOneMachineTakeOneConversation() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var one = client(fleet);
            var outputs = new ArrayList<StorePath>();
            for (int i = 0; i < 12; i++) {
                var x = drv("x" + i);
                one.build(x);
                one.fetch(x.out());
                outputs.add(x.out());
            }
            var two = client(fleet);
            assertThat(two.store().queryValidPaths(outputs, false)).containsAll(outputs);
            for (var output : outputs) assertThat(two.has(output)).isTrue();

            assertThat(a.opened()).isLessThanOrEqualTo(2);
            for (var output : outputs) two.fetch(output);
        }
    }

    @Test
    default void sameDerivationTwiceInOneConversationLeavesNothingBehind() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            client.build(drv("x"));
            client.build(drv("x"));
            client.build(drv("x"));

            client.fetch(drv("x").out());
        }
    }

    @Test
    default void machineHasNoMoreBuildsThanSlots() throws Exception {
        var machines = new FakeMachine[] {machine("a", 2, 1), machine("b", 1, 3)};
        try (var fleet = plan().start(machines)) {
            var builds = new ArrayList<CompletableFuture<BuildResult>>();
            for (int i = 0; i < 20; i++) builds.add(client(fleet).start(drv("x" + i)));

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(machines)
                    .allMatch(machine ->
                            machine.mostRunning() <= machine.machine().maxJobs());
        }
    }

    @Test
    default void equalBuildsOfSeveralClientsAreOne() throws Exception {
        var machines = new FakeMachine[] {machine("a", 2, 1), machine("b", 2, 1)};
        var gates = List.of(machines[0].holdBuilds(), machines[1].holdBuilds());
        try (var fleet = plan().start(machines)) {
            var clients = List.of(client(fleet), client(fleet), client(fleet));
            var builds = clients.stream().map(client -> client.start(drv("x"))).toList();
            Await.until(
                    "two that wait",
                    () -> clients.stream()
                                    .filter(client ->
                                            client.notes().toString().contains("is being built for another client"))
                                    .count()
                            == 2);
            gates.forEach(Gate::open);

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(machines).extracting(machine -> machine.built().size()).containsExactlyInAnyOrder(1, 0);
            assertThat(fleet.events().starting("shared x")).hasSize(2);
            for (var client : clients) assertThat(client.fetch(drv("x").out())).isNotNull();
        }
    }

    @Test
    default void equalBuildGoesOnForAnotherWhenItsClientLeaves() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().start(a)) {
            var one = client(fleet);
            var two = client(fleet);
            var _ = one.start(drv("x"));
            gate.awaitArrivals(1);
            var stays = two.start(drv("x"));
            Await.until("one that waits", () -> !two.notes().isEmpty());
            one.breakOff();
            gate.open();

            assertThat(Await.result(stays).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(gate.arrived()).as("builds on the machine").isEqualTo(1);
        }
    }

    @Test
    default void clientThatWaitsForBuildsOfWhichNothingIsKnownIsToldNoTime() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().start(a)) {
            var first = client(fleet).start(drv("x"));
            gate.awaitArrivals(1);
            var two = client(fleet);
            var second = two.start(drv("y"));
            Await.until("a note", () -> !two.notes().isEmpty());
            assertThat(two.notes().getFirst())
                    .isEqualTo(
                            "dispatcher: y waits for a machine (x86_64-linux): number 1 of 1, no history yet to estimate when it begins");
            gate.open();

            assertThat(List.of(first, second)).extracting(Await::result).allMatch(BuildResult::isSuccess);
        }
    }

    @Test
    default void clientThatWaitsIsToldHowItStands() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().expecting(Work.assumed(Duration.ofSeconds(30))).start(a)) {
            var one = client(fleet);
            var two = client(fleet);
            var first = one.start(drv("x"));
            gate.awaitArrivals(1);
            var second = two.start(drv("y"));
            Await.until("a note", () -> !two.notes().isEmpty());
            assertThat(two.notes().getFirst())
                    .startsWith(
                            "dispatcher: y waits for a machine (x86_64-linux): number 1 of 1, expected to begin in");
            gate.open();

            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    @Test
    default void equalBuildIsStoppedWhenTheLastWhoWantsItLeaves() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().start(a)) {
            var one = client(fleet);
            var two = client(fleet);
            var _ = one.start(drv("x"));
            gate.awaitArrivals(1);
            var _ = two.start(drv("x"));
            Await.until("one that waits", () -> !two.notes().isEmpty());
            one.breakOff();
            two.leave();

            one.leave();
            assertThat(fleet.running()).isZero();
            assertThat(fleet.events().all()).contains("abandoned x");
        }
    }

    @Test
    default void buildOfAClientWhoseBuildsAreKeptIsFinishedWithoutIt() throws Exception {
        var a = machine("a", 1, 1);
        var gate = a.holdBuilds();
        var keeping = new ClientGrant("ci", true, 0, Optional.empty(), Optional.empty(), OptionalInt.empty(), true);
        try (var fleet = plan().start(a)) {
            var one = fleet.remote(protocol(), keeping);
            var _ = one.start(drv("x"));
            gate.awaitArrivals(1);
            one.breakOff();
            gate.open();
            one.leave();

            assertThat(a.built()).hasSize(1);
            assertThat(fleet.events().all()).noneMatch(event -> event.startsWith("abandoned"));
        }
    }
}
