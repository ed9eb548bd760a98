package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.COLLECTION;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dispatcher.access.ClientGrant;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineProtocol;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.nix.ContentAddress.MethodAlgorithm;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.PathInfo;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.schedule.policy.Work;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.Verify;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Gate;
import dispatcher.testkit.Keys;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.RecordingLog;
import dispatcher.testkit.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a client sees of the fleet, from the first byte to the last, whatever protocol it speaks and the machines
/// speak.
abstract class FleetContract {
    /// Of an output that is too large to be held here before its client asks for it.
    static final int LARGE = 1 << 20;

    @TempDir
    private Path temp;

    abstract ClientProtocol protocol();

    /// A machine that speaks the protocol of this test.
    abstract FakeMachine fake(Machine machine);

    final FakeMachine machine(String name, int maxJobs, double speed) {
        return fake(Machines.machine(name, maxJobs, speed));
    }

    final FakeMachine machine(String name) {
        return machine(name, 2, 1);
    }

    final TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    final TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(protocol());
    }

    private static BuildResult failure(BuildStatus status, String message) {
        return BuildResult.of(status, message);
    }

    private static NarTree outputOf(TestFleet.Drv drv, FakeMachine machine) {
        return NarTree.file("out of %s, built on %s".formatted(drv.path(), machine.name()));
    }

    // ---- what a client may do

    private static ClientGrant onlyFor(String system, String... features) {
        return new ClientGrant(
                "guests",
                true,
                0,
                Optional.of(new TreeSet<>(Set.of(system))),
                Optional.of(new TreeSet<>(Set.of(features))),
                OptionalInt.empty(),
                false);
    }

    @Test
    void buildForASystemThatTheClientMayNotUseIsRefusedAndNamesTheRule() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var result = fleet.remote(protocol(), onlyFor("aarch64-linux")).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).contains("'guests'", "aarch64-linux", "not for x86_64-linux");
            assertThat(fleet.events().all()).anyMatch(event -> event.startsWith("refused x ci@10.0.0.3:51234: "));
            assertThat(a.opened()).isZero();
        }
    }

    @Test
    void buildThatRequiresWhatTheClientMayNotUseIsRefused() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = fleet.remote(protocol(), onlyFor("x86_64-linux", "benchmark"));
            assertThat(client.build(drv("x").requiring("kvm benchmark")).message())
                    .contains("'guests'", "require benchmark, not kvm");
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    // ---- all is well

    @Test
    void buildGetsItsUploadsAndItsOutputComesFromTheMachine() throws Exception {
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
    void inputThatTheMachineHasIsNotSentAgain() throws Exception {
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
    void closureIsCompletedFromItsRoots() throws Exception {
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
    void conversationWithAMachineServesManyBuilds() throws Exception {
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
    void logReachesTheClient() throws Exception {
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
    void failingBuildIsToldWithItsMessage() throws Exception {
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
    void floatingOutputIsFoundWhereTheResultSays() throws Exception {
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
    void twoClientsBuildAtOnce() throws Exception {
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
    void whatAClientHadBuiltIsThereForTheNext() throws Exception {
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
    void whatOneMachineBuiltGoesToAnotherThatNeedsIt() throws Exception {
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
    void manyPathsOnOneMachineTakeOneConversation() throws Exception {
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
    void sameDerivationTwiceInOneConversationLeavesNothingBehind() throws Exception {
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
    void machineHasNoMoreBuildsThanSlots() throws Exception {
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
    void equalBuildsOfSeveralClientsAreOne() throws Exception {
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
    void equalBuildGoesOnForAnotherWhenItsClientLeaves() throws Exception {
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
    void clientThatWaitsForBuildsOfWhichNothingIsKnownIsToldNoTime() throws Exception {
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
    void clientThatWaitsIsToldHowItStands() throws Exception {
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
    void equalBuildIsStoppedWhenTheLastWhoWantsItLeaves() throws Exception {
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
    void buildOfAClientWhoseBuildsAreKeptIsFinishedWithoutIt() throws Exception {
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

    // ---- machines that fail

    @Test
    void buildThatAMachineDiesInGoesElsewhereAndTheClientSeesOneLine() throws Exception {
        var a = machine("a", 1, 9).dyingInBuilds("a is off");
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            var x = drv("x", libc);
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(client.fetch(x.out())).isEqualTo(outputOf(x, b));

            assertThat(client.notes()).singleElement().asString().startsWith("dispatcher: lost machine a while");
            assertThat(fleet.events().starting("lost")).hasSize(1);
            assertThat(fleet.failures(a)).isEqualTo(1);
        }
    }

    @Test
    void ifAllMachinesAreDeadEachIsNamedAndItIsNoFaultOfTheBuild() throws Exception {
        var a = machine("a");
        var b = machine("b");
        a.die("no route to a");
        b.die("b is off");
        try (var fleet = plan().start(a, b)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("a: no route to a", "b: b is off", "start the machine");
        }
    }

    @Test
    void buildIsGivenUpAfterSoManyMachines() throws Exception {
        var machines = List.of(machine("a"), machine("b"), machine("c"));
        for (var machine : machines) machine.dyingInBuilds("off");
        try (var fleet = plan().maxAttempts(2).start(machines.toArray(FakeMachine[]::new))) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(fleet.events().starting("lost")).hasSize(2);
        }
    }

    @Test
    void buildThatTookDownThreeMachinesIsNotTriedOnAFourth() throws Exception {
        var machines = List.of(machine("a", 1, 9), machine("b", 1, 8), machine("c", 1, 7), machine("d", 1, 1));
        for (var machine : machines) machine.dyingInBuilds("off");
        try (var fleet = plan().start(machines.toArray(FakeMachine[]::new))) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("being built 3 times when its machine was lost", "a: ", "b: ", "c: ");
            assertThat(machines.get(3).built()).isEmpty();
        }
    }

    @Test
    void machineThatIsSetAsideIsLookedAtAndUsedAgain() throws Exception {
        var a = machine("a");
        a.die("off");
        try (var fleet = plan().unavailable(Duration.ofMinutes(1)).start(a)) {
            var client = client(fleet);
            var build = client.start(drv("x"));
            Await.until("it is set aside", () -> fleet.events().all().contains("aside a"));
            assertThat(build).isNotDone();
            a.restart();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().all()).contains("back a");
            assertThat(fleet.failures(a)).isZero();
        }
    }

    /// As Nix refuses each path that is not in its own directory.
    private static Store elsewhere(Store store) {
        return new GuardedStore(store) {
            @Override
            public SortedSet<StorePath> queryValidPaths(
                    Collection<StorePath> paths, Predicate<StorePath> expected, boolean substitute) throws IOException {
                throw new StoreRefusedException("path '%s' is not in the Nix store"
                        .formatted(StoreDir.NIX_STORE.print(paths.iterator().next())));
            }
        };
    }

    @Test
    void machineWhoseStoreIsElsewhereGetsNothingUntilItIsFoundWell() throws Exception {
        var a = machine("a").lying(FleetContract::elsewhere);
        try (var fleet = plan().unavailable(Duration.ofMinutes(1)).start(a)) {
            var build = client(fleet).start(drv("x"));
            Await.until("it is set aside", () -> fleet.events().all().contains("aside a"));
            assertThat(a.built()).isEmpty();
            assertThat(build).isNotDone();
            a.lying(store -> store);

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().all()).contains("back a");
        }
    }

    @Test
    void machineWhoseStoreIsElsewhereIsToldAsSuch() throws Exception {
        try (var fleet = plan().start(machine("a").lying(FleetContract::elsewhere))) {
            assertThat(client(fleet).build(drv("x")).message())
                    .contains("the store of a is not in /nix/store", "`store` in its nix.conf");
        }
    }

    @Test
    void buildForMachinesThatAreAwayForTooLongIsToldSoAtOnce() throws Exception {
        var a = machine("a");
        a.die("no route to a");
        try (var fleet = plan().start(a, machine("other", 0, 1))) {
            client(fleet).build(drv("x"));
            var result = client(fleet).build(drv("y"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message())
                    .contains("no machine for it is there", "a: no route to a")
                    .doesNotContain("other");
            assertThat(fleet.events().starting("lost y")).isEmpty();
        }
    }

    @Test
    void buildOnAMachineWithAFullDiskGoesElsewhere() throws Exception {
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
    void buildThatOnlySpeaksOfAFullDiskIsMadeTwiceAtMostAndFailsWithItsOwnWords() throws Exception {
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
    void buildThatFindsAllDisksFullIsToldSo() throws Exception {
        var a = machine("a").answering(failure(BuildStatus.PERMANENT_FAILURE, "x: No space left on device"));
        try (var fleet = plan().start(a)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("x: No space left", "disk full on a", "nix-collect-garbage");
        }
    }

    @Test
    void machineWithoutRoomForTheInputsIsPassedOver() throws Exception {
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
    void killedBuildGoesElsewhereAndIsToldToLackMemoryInTheEnd() throws Exception {
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
    void buildThatWasKilledNobodyKnowsWhyGoesToAMachineThatIsNoLargerToo() throws Exception {
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

    @Test
    void inputsThatTheMachineHasLostAreSentAgain() throws Exception {
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
    void outputsThatAMachineIsKnownToHoldAreNotBuiltAgain() throws Exception {
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
    void outputThatIsLostWithItsMachineIsMadeAgainElsewhere() throws Exception {
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
    void outputThatIsMadeAgainForAClientIsNotWhenThatLeaves() throws Exception {
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
    void outputThatIsMadeAgainIsFinishedForAnotherWhoWantsItsBuild() throws Exception {
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
    void outputThatIsMadeAgainForAClientWhoseBuildsAreKeptIsFinishedWithoutIt() throws Exception {
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

    @Test
    void buildThatEndsWithABugOfOursHasAnEndAndGivesItsSlotBack() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            a.breakOpen(0, new IllegalStateException("nobody foresaw this"));
            var client = client(fleet);
            assertThatThrownBy(() -> client.build(drv("x"))).isInstanceOf(IOException.class);
            client.leave();

            assertThat(fleet.events().all()).contains("abandoned x");
            assertThat(fleet.running()).isZero();
            assertThat(client(fleet).build(drv("x")).isSuccess()).isTrue();
        }
    }

    @Test
    void machineComesBackThoughLookingAtItFailedInAWayThatNobodyForesaw() throws Exception {
        var a = machine("a");
        a.die("off");
        try (var fleet = plan().unavailable(Duration.ofMinutes(1)).start(a)) {
            a.breakOpen(1, new IllegalStateException("nobody foresaw this"));
            var build = client(fleet).start(drv("x"));
            Await.until("it is set aside", () -> fleet.events().all().contains("aside a"));
            a.restart();

            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().all()).contains("back a");
            assertThat(a.opened()).as("one refused, one broken, and the others").isGreaterThanOrEqualTo(3);
        }
    }

    /// Its client has it by then, and knows that it need not send it.
    @Test
    void inputThatIsLostWithItsMachineIsMadeAgainForTheNextBuild() throws Exception {
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
    void inputThatNobodyHasAndNobodyCanMakeIsToldSo() throws Exception {
        try (var fleet = plan().start(machine("a"))) {
            var result = client(fleet).build(drv("y", drv("x").out()));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("-x' is neither on the machine nor anywhere the dispatcher can get");
        }
    }

    @Test
    void limitsOfTheSettingsHoldForClientsThatSetNone() throws Exception {
        var a = machine("a");
        var gate = a.holdBuilds();
        try (var fleet = plan().buildLimits(
                        new BuildOptions(BuildOptions.BuildMode.NORMAL, Duration.ZERO, Duration.ofMillis(50), 0, false))
                .start(a)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TIMED_OUT);
            gate.open();
        }
    }

    @Test
    void machinesThatCannotBeReachedDoNotCountAsAttempts() throws Exception {
        var dead = List.of(machine("a", 1, 9), machine("b", 1, 8), machine("c", 1, 7));
        for (var machine : dead) machine.die("off");
        var alive = machine("d", 1, 1);
        try (var fleet = plan().maxAttempts(2).start(dead.get(0), dead.get(1), dead.get(2), alive)) {
            assertThat(client(fleet).build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("lost")).hasSize(3);
        }
    }

    @Test
    void ifNoMachineFitsEachReasonIsTold() throws Exception {
        try (var fleet = plan().start(machine("a"), machine("b", 0, 1))) {
            var result = client(fleet).build(drv("x").requiring("kvm"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).contains("a: it lacks the feature kvm", "b: its maxJobs is 0", "kvm");
        }
    }

    @Test
    void whatAnEarlierDispatcherLearnedIsFoundWhereItIs() throws Exception {
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

    /// Only the worker protocol has a way to ask a machine what it could fetch.
    private void assumeMachinesCanTell() {
        assumeTrue(machine("probe").machine().protocol() == MachineProtocol.SSH_NG, "not in the serve protocol");
    }

    @Test
    void whatMachinesCanFetchIsNotSent() throws Exception {
        assumeMachinesCanTell();
        var a = machine("a");
        var tree = NarTree.file("libc");
        var libc = FakeStore.info("libc", tree);
        a.store().substituting(libc, tree);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);

            assertThat(client.store().queryValidPaths(List.of(libc.path()), false))
                    .isEmpty();
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());
            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(a.received()).isEmpty();
        }
    }

    @Test
    void whatTheBuildingMachineCannotFetchComesFromTheOneThatCan() throws Exception {
        assumeMachinesCanTell();
        var fetching = machine("a", 0, 1);
        var building = machine("b");
        var tree = NarTree.file("libc");
        var key = Keys.secret("cache-1");
        var libc = key.sign(FakeStore.info("libc", tree), StoreDir.NIX_STORE);
        fetching.store().substituting(libc, tree);
        try (var fleet = plan().trusting(key.publicKey()).start(fetching, building)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc.path()), true))
                    .containsExactly(libc.path());

            assertThat(client.build(drv("x", libc.path())).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(building.received()).containsExactly(libc.path());
        }
    }

    @Test
    void promiseThatIsNotKeptIsTold() throws Exception {
        assumeMachinesCanTell();
        var a = machine("a");
        var libc = FakeStore.path("libc");
        a.store().promising(libc);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.store().queryValidPaths(List.of(libc), true)).containsExactly(libc);
            var result = client.build(drv("x", libc));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).contains("machine a", libc.toString(), "builders-use-substitutes");
        }
    }

    @Test
    void machineThatIsDownIsAskedOnceAndNotForgotten() throws Exception {
        var a = machine("a");
        var libc = FakeStore.path("libc");
        var known = new Locations();
        known.add(List.of(libc), "a");
        a.refuse("it is down");
        try (var fleet = plan().locations(known).start(a)) {
            var client = client(fleet);
            for (int i = 0; i < 5; i++) assertThat(client.has(libc)).isFalse();

            assertThat(a.opened()).isEqualTo(1);
            assertThat(known.of(libc)).containsExactly("a");
        }
    }

    @Test
    void conversationThatDiedBetweenBuildsIsNotHeldAgainstTheMachine() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var libc = client.upload("libc");
            client.build(drv("x", libc));
            client.fetch(drv("x").out());
            a.restart();

            assertThat(client.build(drv("y", libc)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void norIsItForABuildWithoutInputs() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            client.build(drv("x"));
            client.fetch(drv("x").out());
            a.restart();

            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    void machineThatSaysNothingIsLeftAndTheBuildGoesElsewhere() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        a.staySilent();
        try (var fleet = plan().handshakeLimit(Duration.ofMillis(50)).start(a, b)) {
            assertThat(client(fleet).build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(fleet.events().starting("lost x a"))
                    .singleElement()
                    .asString()
                    .contains("gave no answer");
            Await.until("the silent channel is closed", () -> a.open() == 0);
        }
    }

    // ---- what conversations keep machines from collecting as garbage

    /// The pressure of a machine whose store has this many MB free of 1000.
    private static String free(int megabytes) {
        return """
                dispatcher-sample 1
                @linux
                /proc/loadavg:0.50 2.10 1.00 3/214 19242
                /proc/meminfo:MemTotal:        8000000 kB
                /proc/meminfo:MemAvailable:    6000000 kB
                /sys/devices/system/cpu/online:0-3
                @store
                /dev/vda 1000000 %d %d 50%% /nix/store
                @end
                """.formatted(1_000_000 - 1000 * megabytes, 1000 * megabytes);
    }

    @Test
    void conversationsWithAMachinePinWhatFewBuildsMade() throws Exception {
        var a = machine("a", 1, 1);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            for (int i = 0; i < 40; i++) {
                var drv = drv("x" + i);
                assertThat(client.build(drv).isSuccess()).isTrue();
                client.fetch(drv.out());
            }

            Await.until("one conversation", () -> a.open() == 1);
            assertThat(a.pinned()).singleElement().asInstanceOf(COLLECTION).hasSizeLessThanOrEqualTo(16);
            assertThat(a.opened()).isBetween(3, 4);
        }
    }

    @Test
    void machineThatRunsShortOfDiskKeepsNothingForConversations() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());

            Await.until("no conversation is kept", () -> a.open() == 0);
        }
    }

    @Test
    void machineWithRoomKeepsItsConversations() throws Exception {
        var a = machine("a").doing(free(500));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            for (var name : List.of("x", "y")) {
                assertThat(client.build(drv(name)).isSuccess()).isTrue();
                client.fetch(drv(name).out());
            }

            assertThat(a.opened()).isEqualTo(1);
        }
    }

    @Test
    void onlyWhatAClientStillWantsIsPinnedOnAMachineThatRunsShortOfDisk() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            Await.until("it is known to be short", () -> a.open() == 0);
            var y = drv("y", client.upload("input"));

            assertThat(client.build(y).isSuccess()).isTrue();

            Await.until("what pins the input has ended", () -> a.open() == 1);
            assertThat(a.pinned()).containsExactly(Set.of(y.out()));
            assertThat(client.fetch(y.out())).isEqualTo(outputOf(y, a));
        }
    }

    @Test
    void outputIsHeldByTheConversationThatBuiltItIfNoOtherCanBeHad() throws Exception {
        var a = machine("a").doing(free(50));
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            Await.until("it is known to be short", () -> a.open() == 0);
            a.building((drvPath, derivation, options, log) -> {
                a.refuse("too many sessions");
                return a.makeOutputs(drvPath, derivation, options, log);
            });

            assertThat(client.build(drv("y")).isSuccess()).isTrue();
            assertThat(client.fetch(drv("y").out())).isEqualTo(outputOf(drv("y"), a));
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void fullDiskEndsConversationsThatAreKept() throws Exception {
        var a = machine("a");
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).isSuccess()).isTrue();
            client.fetch(drv("x").out());
            assertThat(a.open()).isEqualTo(1);
            a.answering(failure(BuildStatus.PERMANENT_FAILURE, "writing to file: No space left on device"));

            assertThat(client.build(drv("y")).isSuccess()).isFalse();

            Await.until("no conversation is kept", () -> a.open() == 0);
        }
    }

    @Test
    void conversationThatIsKeptDoesNotStandInTheWayOfOneThatBegins() throws Exception {
        var a = machine("a", 2, 1);
        a.answerOneAtATime();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(4)).start(a)) {
            var clients = List.of(client(fleet), client(fleet));
            var builds = List.of(clients.get(0).start(drv("x")), clients.get(1).start(drv("y")));
            Await.until("the first answer", () -> builds.stream().anyMatch(CompletableFuture::isDone));
            clients.get(builds.get(0).isDone() ? 0 : 1).leave();

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    void conversationThatIsKeptMakesRoomAsSoonAsMachinesSayThatTheyWaitForIt() throws Exception {
        for (var words : List.of(
                "waiting for exclusive access to the Nix store for ca drvs...",
                "waiting for the big Nix store lock...")) {
            var a = machine("a", 2, 1);
            a.answerOneAtATime(words);
            try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
                var clients = List.of(client(fleet), client(fleet));
                var builds =
                        List.of(clients.get(0).start(drv("x")), clients.get(1).start(drv("y")));
                Await.until("the first answer", () -> builds.stream().anyMatch(CompletableFuture::isDone));
                clients.get(builds.get(0).isDone() ? 0 : 1).leave();

                assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
                assertThat(fleet.events().starting("lost")).isEmpty();
            }
        }
    }

    @Test
    void firstConversationWithAMachineComesAlone() throws Exception {
        var a = machine("a", 4, 1).withNewStore();
        try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
            var builds = new ArrayList<CompletableFuture<BuildResult>>();
            for (var name : List.of("w", "x", "y", "z"))
                builds.add(client(fleet).start(drv(name)));

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost")).isEmpty();
        }
    }

    @Test
    void thoseWhoWaitForTheFirstConversationFailWithIt() throws Exception {
        var a = machine("a", 4, 9);
        var b = machine("b", 4, 1);
        a.staySilent();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(2)).start(a, b)) {
            var builds = new ArrayList<CompletableFuture<BuildResult>>();
            for (var name : List.of("w", "x", "y", "z"))
                builds.add(client(fleet).start(drv(name)));
            Await.until("the first greets", () -> a.open() == 1);

            assertThat(builds).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(fleet.events().starting("lost"))
                    .allSatisfy(lost -> assertThat(lost).contains(" a ", "gave no answer"));
        }
    }

    @Test
    void firstConversationThatItsClientGaveUpIsNoFailureOfOthers() throws Exception {
        var a = machine("a", 2, 1);
        a.staySilentOnce();
        try (var fleet = plan().handshakeLimit(Duration.ofHours(1)).start(a)) {
            var gone = client(fleet);
            var _ = gone.start(drv("x"));
            Await.until("the first greets", () -> a.open() == 1);
            var other = client(fleet).start(drv("y"));
            Await.until("both have begun", () -> fleet.running() == 2);
            gone.leave();

            assertThat(Await.result(other).isSuccess()).isTrue();
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void oneSilentConversationWithAMachineThatAnswersOthersIsBegunAgain() throws Exception {
        var a = machine("a", 2, 1);
        var gate = a.holdBuilds();
        try (var fleet = plan().handshakeLimit(Duration.ofSeconds(3)).start(a)) {
            var first = client(fleet).start(drv("x"));
            Await.until("the first builds", () -> !a.built().isEmpty());
            a.staySilentOnce();
            var second = client(fleet).start(drv("y"));
            Await.until("the second builds", () -> a.built().size() == 2);
            gate.open();

            assertThat(List.of(first, second)).extracting(Await::result).allMatch(BuildResult::isSuccess);
            assertThat(a.opened()).isEqualTo(3);
            assertThat(fleet.events().starting("lost")).isEmpty();
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void machineThatRefusesABuildIsPassedOver() throws Exception {
        var a = machine("a", 1, 9).building((_, _, _, _) -> {
            throw new StoreRefusedException("you are not trusted");
        });
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes()).singleElement().asString().contains("you are not trusted");
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void transientFailureIsTriedElsewhere() throws Exception {
        var a = machine("a", 1, 9).answering(failure(BuildStatus.TRANSIENT_FAILURE, "no space\nleft on device"));
        var b = machine("b", 1, 1);
        try (var fleet = plan().start(a, b)) {
            var client = client(fleet);
            assertThat(client.build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(client.notes())
                    .singleElement()
                    .asString()
                    .contains("failed on machine a", "(no space; left on device)");
            assertThat(fleet.failures(a)).isZero();
        }
    }

    @Test
    void transientFailureEverywhereIsToldInTheMachinesWords() throws Exception {
        var a = machine("a").answering(failure(BuildStatus.TRANSIENT_FAILURE, "cannot download"));
        try (var fleet = plan().start(a)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).isEqualTo("cannot download");
        }
    }

    @Test
    void nextInTheQueueIsNotSentToTheMachineThatJustBroke() throws Exception {
        var a = machine("a", 1, 9);
        var b = machine("b", 1, 1);
        var onB = b.holdBuilds();
        var onA = a.holdBuilds();
        try (var fleet = plan().start(a, b)) {
            var x = client(fleet).start(drv("x"));
            onA.awaitArrivals(1);
            var y = client(fleet).start(drv("y"));
            onB.awaitArrivals(1);
            var z = client(fleet).start(drv("z"));
            Await.until("z waits", () -> fleet.queue().snapshot().waiting().size() == 1);
            a.restart();
            Await.until("x waits", () -> fleet.queue().snapshot().waiting().size() == 2);
            onB.open();

            for (var build : List.of(x, y, z))
                assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("assigned"))
                    .containsExactly("assigned x a", "assigned y b", "assigned z b", "assigned x b");
            onA.open();
        }
    }

    @Test
    void inputThatIsNowhereIsNoFaultOfTheMachine() throws Exception {
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

    // ---- clients that leave

    @Test
    void clientThatLeavesInABuildEndsItOnTheMachine() throws Exception {
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
    void clientThatLeavesInTheQueueGivesUpItsPlace() throws Exception {
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
    void clientThatLeavesWhileItsInputsAreCopiedIsNotTakenForABrokenMachine() throws Exception {
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
    void spoolKeepsTheInputsOfAClientThatIsHereAndNoLonger() throws Exception {
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

    // ---- outputs that cannot be had

    @Test
    void outputThatIsNotWhatItsInfoSaysNeverArrivesWhole() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            var right = a.store().info(x.out());
            a.store().with(right, NarTree.file("#".repeat(outputLength(x, a) + LARGE)));
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);

            assertThat((long) nar.size()).isLessThan(right.narSize());
            assertThat(client.awaitEnd()).isEqualTo(1);
            assertThat(fleet.events().all()).contains("failed x a");
        }
    }

    @Test
    void largeOutputThatIsNotWhatItsInfoSaysNeverArrivesWholeEither() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            var wrong = NarTree.file("#".repeat(300_000));
            var right = a.store().info(x.out());
            a.store().with(right, wrong);
            var nar = new ByteArrayOutputStream();
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, nar))
                    .isInstanceOf(IOException.class);

            assertThat((long) nar.size()).isLessThan(right.narSize());
        }
    }

    private static int outputLength(TestFleet.Drv drv, FakeMachine machine) {
        return "out of %s, built on %s".formatted(drv.path(), machine.name()).length();
    }

    /// As a thread does that helps to copy, and gets only a list of what to send.
    @Test
    void forkHandsOutWhatItsSessionFoundWithoutAskingForIt() throws Exception {
        var a = machine("a");
        var tree = NarTree.file("on the host");
        var onHost = FakeStore.info("host-file", tree);
        var host = FakeMachine.named("host", 0);
        host.store().with(onHost, tree);
        try (var fleet = plan().host(host).start(a);
                var session = fleet.session()) {
            var x = drv("x");
            session.buildDerivation(x.path(), x.derivation(), BuildOptions.DEFAULT, new RecordingLog());
            var built = session.queryPathInfo(x.out()).orElseThrow();
            try (var fork = session.paths().fork()) {
                assertThat(nar(fork, built)).isEqualTo(a.store().tree(x.out()).toNar());
                assertThat(nar(fork, onHost)).isEqualTo(tree.toNar());
            }
            assertThat(nar(session.paths(), built))
                    .isEqualTo(a.store().tree(x.out()).toNar());
        }
    }

    private static byte[] nar(SessionPaths paths, PathInfo info) throws Exception {
        var nar = new ByteArrayOutputStream();
        paths.narFromPath(info.path(), Verify.byReceiver(info), nar);
        return nar.toByteArray();
    }

    /// As a machine does whose disk is full, over a protocol in which it pulls what it gets.
    @Test
    void receiverThatRefusesTheRestOfANarLeavesNoneOfItForTheNextAnswer() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a);
                var session = fleet.session()) {
            var x = drv("x");
            session.buildDerivation(x.path(), x.derivation(), BuildOptions.DEFAULT, new RecordingLog());
            var info = session.queryPathInfo(x.out()).orElseThrow();
            var full = new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    throw new StoreRefusedException("no space left on device");
                }
            };
            assertThatThrownBy(() -> session.paths().narFromPath(info.path(), Verify.byReceiver(info), full))
                    .hasMessageContaining("no space left on device");

            assertThat(session.queryPathInfo(x.out())).contains(info);
            var nar = new ByteArrayOutputStream();
            session.narFromPath(x.out(), Verify.HERE, nar);
            assertThat(nar.size()).isEqualTo((int) info.narSize());
        }
    }

    @Test
    void outputThatBreaksOffEndsTheConnection() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            a.store().breakingNar(x.out(), 500_000);

            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, new ByteArrayOutputStream()))
                    .isInstanceOf(IOException.class);
            assertThat(client.awaitEnd()).isEqualTo(1);
        }
    }

    @Test
    void clientThatLeavesInTheMiddleOfAnOutputLeavesNoBrokenConversationBehind() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            assertThatThrownBy(() -> client.store().narFromPath(x.out(), Verify.HERE, new OutputStream() {
                        @Override
                        public void write(int b) throws IOException {
                            client.store().close();
                            throw new IOException("killed");
                        }
                    }))
                    .hasMessage("killed");
            client.leave();
            Await.until("the channel is closed", () -> a.open() == 0);

            assertThat(fleet.failures(a)).isZero();
            assertThat(client(fleet).build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }

    // ---- the host's store

    @Test
    void localClientsInputsAreReadFromTheHostsStore() throws Exception {
        var a = machine("a");
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(a)) {
            var client = fleet.local(protocol());
            var libc = FakeStore.path("libc");
            assertThat(client.has(libc)).isTrue();
            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);

            assertThat(a.store().tree(libc)).isEqualTo(tree);
            assertThat(client.fetch(libc)).isEqualTo(tree);
        }
    }

    /// The machine finds that out first, and cannot know whose fault it is.
    @Test
    void spoiltPathOfTheHostsStoreIsFoundOutWhenAMachineHasRefusedIt() throws Exception {
        var host = FakeMachine.named("host", 0);
        host.store().with(FakeStore.info("libc", NarTree.file("libc")), NarTree.file("lib!"));
        try (var fleet = plan().host(host).start(machine("a"), machine("b"))) {
            var result = fleet.local(protocol()).build(drv("x", FakeStore.path("libc")));

            assertThat(result.isSuccess()).isFalse();
            assertThat(result.message()).contains("cannot read input").contains("its path info says");
        }
    }

    @Test
    void remoteClientDoesNotSeeTheHostsStore() throws Exception {
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(machine("a"))) {
            assertThat(fleet.remote(protocol()).has(FakeStore.path("libc"))).isFalse();
            assertThat(host.opened()).isZero();
        }
    }

    @Test
    void hostStoreThatDoesNotAnswerIsDoneWithout() throws Exception {
        var a = machine("a");
        var host = FakeMachine.named("host", 0);
        host.die("the daemon is off");
        try (var fleet = plan().host(host).start(a)) {
            var client = fleet.local(protocol());
            assertThat(client.has(FakeStore.path("libc"))).isFalse();
            var libc = client.upload("libc");

            assertThat(client.build(drv("x", libc)).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("host failed")).hasSize(1);
        }
    }

    @Test
    void hostStoreThatWasRestartedIsAskedAgain() throws Exception {
        var host = FakeMachine.named("host", 0);
        var tree = NarTree.file("libc");
        host.store().with(FakeStore.info("libc", tree), tree);
        try (var fleet = plan().host(host).start(machine("a"))) {
            var client = fleet.local(protocol());
            assertThat(client.has(FakeStore.path("libc"))).isTrue();
            host.restart();

            assertThat(client.has(FakeStore.path("libc"))).isTrue();
            assertThat(fleet.events().starting("host failed")).isEmpty();
        }
    }

    // ---- everything at once

    @Test
    void whateverBreaksEachBuildHasOneEndAndNothingLeaks() {
        Seeds.run(6, this::storm);
    }

    private void storm(RandomGenerator random) {
        var machines = new FakeMachine[] {machine("a", 2, 1), machine("b", 1, 3), machine("c", 3, 1)};
        for (var machine : machines)
            machine.building((drvPath, derivation, options, log) -> {
                log.line(ByteString.of("building"));
                return machine.makeOutputs(drvPath, derivation, options, log);
            });
        try (var fleet = plan().maxAttempts(9).start(machines)) {
            var clients = new ArrayList<TestClient>();
            var builds = new ArrayList<CompletableFuture<BuildStatus>>();
            for (int i = 0; i < 12; i++) {
                var client = client(fleet);
                clients.add(client);
                int number = i;
                boolean fetches = random.nextBoolean();
                builds.add(Await.start(() -> {
                    var status = BuildStatus.BUILT;
                    for (int j = 0; j < 4 && status == BuildStatus.BUILT; j++) {
                        var input = client.upload("input" + (number + j) % 5);
                        var x = drv("x%d-%d".formatted(number, j), input);
                        status = client.build(x).status();
                        if (fetches && status == BuildStatus.BUILT) client.fetch(x.out());
                    }
                    return status;
                }));
            }
            while (!builds.stream().allMatch(CompletableFuture::isDone)) {
                switch (random.nextInt(8)) {
                    case 0 -> machines[random.nextInt(machines.length)].restart();
                    case 1 -> {
                        if (random.nextInt(4) == 0)
                            clients.get(random.nextInt(clients.size())).leave();
                    }
                    default -> {
                        fleet.clock().advance(Duration.ofSeconds(2));
                        fleet.look();
                    }
                }
                LockSupport.parkNanos(1_000_000);
            }
            for (var build : builds)
                if (!build.isCompletedExceptionally())
                    assertThat(build.join()).isIn(BuildStatus.BUILT, BuildStatus.TRANSIENT_FAILURE);
            assertThat(machines)
                    .allMatch(machine ->
                            machine.mostRunning() <= machine.machine().maxJobs());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
