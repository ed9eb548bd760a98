package dispatcher.session;

import static dispatcher.session.FleetParts.failure;
import static dispatcher.session.FleetParts.outputOf;
import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.nix.BuildStatus;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.store.BuildOptions;
import dispatcher.store.Locations;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.GuardedStore;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// Builds on machines that die, fall silent, refuse, or cannot be reached.
interface FailingMachinesContract extends FleetParts {
    @Test
    default void buildThatAMachineDiesInGoesElsewhereAndTheClientSeesOneLine() throws Exception {
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
    default void ifAllMachinesAreDeadEachIsNamedAndItIsNoFaultOfTheBuild() throws Exception {
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
    default void buildIsGivenUpAfterSoManyMachines() throws Exception {
        var machines = List.of(machine("a"), machine("b"), machine("c"));
        for (var machine : machines) machine.dyingInBuilds("off");
        try (var fleet = plan().maxAttempts(2).start(machines.toArray(FakeMachine[]::new))) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(fleet.events().starting("lost")).hasSize(2);
        }
    }

    @Test
    default void buildThatTookDownThreeMachinesIsNotTriedOnAFourth() throws Exception {
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
    default void machineThatIsSetAsideIsLookedAtAndUsedAgain() throws Exception {
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
    default void machineWhoseStoreIsElsewhereGetsNothingUntilItIsFoundWell() throws Exception {
        var a = machine("a").lying(FailingMachinesContract::elsewhere);
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
    default void machineWhoseStoreIsElsewhereIsToldAsSuch() throws Exception {
        try (var fleet = plan().start(machine("a").lying(FailingMachinesContract::elsewhere))) {
            assertThat(client(fleet).build(drv("x")).message())
                    .contains("the store of a is not in /nix/store", "`store` in its nix.conf");
        }
    }

    @Test
    default void buildForMachinesThatAreAwayForTooLongIsToldSoAtOnce() throws Exception {
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
    default void buildThatEndsWithABugOfOursHasAnEndAndGivesItsSlotBack() throws Exception {
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
    default void machineComesBackThoughLookingAtItFailedInAWayThatNobodyForesaw() throws Exception {
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

    @Test
    default void limitsOfTheSettingsHoldForClientsThatSetNone() throws Exception {
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
    default void machinesThatCannotBeReachedDoNotCountAsAttempts() throws Exception {
        var dead = List.of(machine("a", 1, 9), machine("b", 1, 8), machine("c", 1, 7));
        for (var machine : dead) machine.die("off");
        var alive = machine("d", 1, 1);
        try (var fleet = plan().maxAttempts(2).start(dead.get(0), dead.get(1), dead.get(2), alive)) {
            assertThat(client(fleet).build(drv("x")).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(fleet.events().starting("lost")).hasSize(3);
        }
    }

    @Test
    default void ifNoMachineFitsEachReasonIsTold() throws Exception {
        try (var fleet = plan().start(machine("a"), machine("b", 0, 1))) {
            var result = client(fleet).build(drv("x").requiring("kvm"));

            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).contains("a: it lacks the feature kvm", "b: its maxJobs is 0", "kvm");
        }
    }

    @Test
    default void machineThatIsDownIsAskedOnceAndNotForgotten() throws Exception {
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
    default void conversationThatDiedBetweenBuildsIsNotHeldAgainstTheMachine() throws Exception {
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
    default void norIsItForABuildWithoutInputs() throws Exception {
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
    default void machineThatSaysNothingIsLeftAndTheBuildGoesElsewhere() throws Exception {
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

    @Test
    default void machineThatRefusesABuildIsPassedOver() throws Exception {
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
    default void transientFailureIsTriedElsewhere() throws Exception {
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
    default void transientFailureEverywhereIsToldInTheMachinesWords() throws Exception {
        var a = machine("a").answering(failure(BuildStatus.TRANSIENT_FAILURE, "cannot download"));
        try (var fleet = plan().start(a)) {
            var result = client(fleet).build(drv("x"));

            assertThat(result.status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(result.message()).isEqualTo("cannot download");
        }
    }

    @Test
    default void nextInTheQueueIsNotSentToTheMachineThatJustBroke() throws Exception {
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
}
