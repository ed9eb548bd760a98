package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.index.WaitingBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Client ALICE = new Client("alice", 0, 100);
    private static final Client BOB = new Client("bob", 0, 100);

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Map<String, RunningBuild> running = new LinkedHashMap<>();
    private final List<String> begun = new ArrayList<>();
    private final List<String> impossible = new ArrayList<>();

    private static Scheduler scheduler(Machine... machines) {
        return new Scheduler(List.of(machines), SchedulerOptions.DEFAULT);
    }

    /// A build of a minute whose length has not been seen before.
    private static BuildRequest build(String name, String... features) {
        return new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>(List.of(features)))
                .withWork(Work.assumed(Duration.ofMinutes(1)));
    }

    private static BuildRequest takes(String name, String resource, long amount) {
        return build(name).withResources(new TreeMap<>(Map.of(resource, amount)));
    }

    private static Machine withResource(Machine machine, String resource, long amount) {
        return machine.withResources(new TreeMap<>(Map.of(resource, amount)));
    }

    private void submit(Scheduler scheduler, BuildRequest... requests) {
        for (var request : requests) scheduler.submit(request, Set.of(), now);
    }

    private void decide(Scheduler scheduler) {
        for (var decision : scheduler.decide(now)) {
            var name = decision.build().request().drvPath().name().replace(".drv", "");
            switch (decision) {
                case Decision.Assigned(var build, var _) -> {
                    running.put(name, build);
                    begun.add(name);
                }
                case Decision.Moved(var _, var build, var _) -> running.put(name, build);
                case Decision.Impossible _ -> impossible.add(name);
            }
        }
    }

    private String machineOf(String build) {
        return requireNonNull(running.get(build), build).machine().name();
    }

    /// Ends a build a minute after the last event, and lets the next begin.
    private void finish(Scheduler scheduler, String build) {
        now = now.plusSeconds(60);
        scheduler.finished(requireNonNull(running.remove(build), build), now);
        decide(scheduler);
    }

    /// One build after the other, on a fleet of one slot, until none is left.
    private List<String> order(Scheduler scheduler) {
        decide(scheduler);
        while (!running.isEmpty()) finish(scheduler, running.keySet().iterator().next());
        return begun;
    }

    @Nested
    class Turns {
        private final Scheduler scheduler = scheduler(machine("m", 1, 1));

        @Test
        void higherPriorityGoesFirst() {
            submit(scheduler, build("low"), build("high").withClient(new Client("vip", 1, 100)));

            assertThat(order(scheduler)).containsExactly("high", "low");
        }

        @Test
        void twoClientsTakeTurns() {
            for (var name : List.of("a1", "a2", "a3"))
                submit(scheduler, build(name).withClient(ALICE));
            for (var name : List.of("b1", "b2", "b3"))
                submit(scheduler, build(name).withClient(BOB));

            assertThat(order(scheduler)).containsExactly("a1", "b1", "a2", "b2", "a3", "b3");
        }

        @Test
        void newcomerOwesNothingAndIsOwedNothing() {
            for (int i = 1; i <= 6; i++) submit(scheduler, build("a" + i).withClient(ALICE));
            decide(scheduler);
            for (int i = 1; i <= 3; i++) finish(scheduler, "a" + i);
            for (int i = 1; i <= 3; i++) submit(scheduler, build("b" + i).withClient(BOB));
            var order = order(scheduler);

            assertThat(order.subList(4, 8)).containsExactlyInAnyOrder("a5", "b1", "b2", "a6");
            assertThat(order.subList(4, 6)).containsExactlyInAnyOrder("a5", "b1");
        }

        /// What a client had while nobody else wanted anything is not held against it.
        @Test
        void whoHadTheFleetForItselfIsNotBehindOnceAllWereIdle() {
            for (int i = 1; i <= 5; i++) submit(scheduler, build("old" + i).withClient(ALICE));
            order(scheduler);
            begun.clear();
            for (var name : List.of("b1", "b2", "b3"))
                submit(scheduler, build(name).withClient(BOB));
            for (var name : List.of("a1", "a2", "a3"))
                submit(scheduler, build(name).withClient(ALICE));

            assertThat(order(scheduler)).containsExactly("b1", "a1", "b2", "a2", "b3", "a3");
        }

        @Test
        void longPathGoesBeforeOlderShortOnes() {
            submit(scheduler, build("short1"), build("short2"));
            submit(scheduler, build("path").withWork(new Work(Duration.ofMinutes(1), false, Duration.ofHours(1))));

            assertThat(order(scheduler)).startsWith("path");
        }

        @Test
        void whoHasLostPatienceGoesBeforeAllPriorities() {
            submit(scheduler, build("holder"));
            decide(scheduler);
            submit(scheduler, build("old"));
            now = now.plus(SchedulerOptions.DEFAULT.patience());
            submit(scheduler, build("high").withClient(new Client("vip", 9, 100)));
            finish(scheduler, "holder");

            assertThat(running).containsOnlyKeys("old");
        }
    }

    @Test
    void clientRunsNoMoreAtOnceThanItMay() {
        var scheduler = scheduler(machine("m", 4, 1));
        var client = new Client("modest", 0, 2);
        for (var name : List.of("a", "b", "c")) submit(scheduler, build(name).withClient(client));
        decide(scheduler);
        assertThat(begun).containsExactly("a", "b");
        finish(scheduler, "a");

        assertThat(begun).containsExactly("a", "b", "c");
    }

    @Nested
    class Choices {
        @Test
        void machineOfferingMoreIsSparedWhileAnotherIsFree() {
            var scheduler = scheduler(machine("kvm", 2, 1, List.of("kvm"), List.of()), machine("plain", 1, 1));
            submit(scheduler, build("first"), build("second"));
            decide(scheduler);

            assertThat(machineOf("first")).isEqualTo("plain");
            assertThat(machineOf("second")).isEqualTo("kvm");
        }

        @Test
        void machineThatHasTheInputsIsChosen() {
            var scheduler = scheduler(machine("empty", 1, 1), machine("full", 1, 1));
            long bytes = 10_000_000_000L;
            submit(scheduler, build("x").withInputs(new Inputs(bytes, Map.of("full", bytes))));
            decide(scheduler);

            assertThat(machineOf("x")).isEqualTo("full");
        }

        @Test
        void fewBytesAreNoReasonToLeaveAnotherMachineIdle() {
            var scheduler = scheduler(machine("full", 4, 1), machine("empty", 4, 1));
            submit(scheduler, build("holder"));
            decide(scheduler);
            assertThat(machineOf("holder")).isEqualTo("full");
            submit(scheduler, build("x").withInputs(new Inputs(2_000, Map.of("full", 2_000L))));
            decide(scheduler);

            assertThat(machineOf("x")).isEqualTo("empty");
        }

        @Test
        void knownBuildWaitsForAFasterMachineThatWillDoItSooner() {
            assertThat(afterTheFastOneIsTaken(Work.of(Duration.ofMinutes(30)))).isEmpty();
        }

        @Test
        void unknownBuildTakesWhatIsFree() {
            assertThat(afterTheFastOneIsTaken(Work.assumed(Duration.ofMinutes(30))))
                    .containsExactly("x");
        }

        /// It would end there when the fast one has long done it and all others.
        @Test
        void buildIsNotLeftToASlowMachineWhileManyWait() {
            var scheduler = scheduler(machine("fast", 2, 8), machine("slow", 1, 1));
            for (int i = 0; i < 8; i++) submit(scheduler, build("x" + i));
            decide(scheduler);

            assertThat(begun).containsExactly("x0", "x1");
            assertThat(machineOf("x0")).isEqualTo("fast");
            now = now.plus(SchedulerOptions.DEFAULT.patience());
            decide(scheduler);
            assertThat(machineOf("x2")).as("who has waited for long").isEqualTo("slow");
        }

        @Test
        void whoNeedNotCopyForLongGoesFirst() {
            var scheduler = scheduler(machine("m", 1, 1));
            submit(scheduler, build("holder"));
            decide(scheduler);
            submit(scheduler, copies("far", ALICE, 60, Map.of()));
            submit(scheduler, copies("near", ALICE, 90, Map.of("m", CLOSURE)));

            assertThat(order(scheduler)).containsExactly("holder", "near", "far");
        }

        @Test
        void fewBuildsAreLookedAtWhereKindsOfFreeMachinesAreMany() {
            int kinds = 200;
            var machines = new Machine[kinds];
            for (int i = 0; i < kinds; i++) machines[i] = machine("m" + i, 1, 1, List.of("feature-" + i), List.of());
            var scheduler = scheduler(machines);
            var one = new Client("one at a time", 0, 1);
            var waiting = new ArrayList<WaitingBuild>();
            for (int i = 0; i < 100; i++) {
                var copiesLong = build("x" + i).withClient(one).withInputs(new Inputs(1L << 40, Map.of()));
                waiting.add(scheduler.submit(copiesLong, Set.of(), now));
            }
            decide(scheduler);

            assertThat(begun).hasSize(1);
            assertThat(waiting.stream().filter(WaitingBuild::wasLookedAt).count() * kinds)
                    .as("looks at kinds of machines")
                    .isLessThan(1000);
        }

        @Test
        void whoNeedsToCopyForLongIsPutOffOnlyForOthersOfTheSameClient() {
            var scheduler = scheduler(machine("m", 1, 1));
            submit(scheduler, build("holder").withClient(ALICE));
            decide(scheduler);
            submit(scheduler, copies("near1", ALICE, 60, Map.of("m", CLOSURE)));
            submit(scheduler, copies("near2", ALICE, 60, Map.of("m", CLOSURE)));
            submit(scheduler, copies("far", BOB, 60, Map.of()));

            assertThat(order(scheduler)).containsExactly("holder", "near1", "far", "near2");
        }

        /// Both would come no sooner if they were sent at the same time.
        @Test
        void longCopiesToOneMachineAreMadeOneAfterTheOther() {
            var scheduler = scheduler(machine("m", 2, 1));
            submit(scheduler, copies("a", ALICE, 60, Map.of()), copies("b", ALICE, 60, Map.of()));
            decide(scheduler);
            assertThat(begun).containsExactly("a");

            now = requireNonNull(scheduler.wakeAt().orElse(null));
            assertThat(Duration.between(Instant.parse("2026-01-01T00:00:00Z"), now)
                            .toSeconds())
                    .isEqualTo(50);
            decide(scheduler);
            assertThat(begun).containsExactly("a", "b");
        }

        @Test
        void whatOthersHaveBroughtWhileABuildWaitedCounts() {
            var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 1));
            submit(scheduler, build("holder1"), build("holder2"));
            decide(scheduler);
            var there = new Inputs(CLOSURE, Map.of("b", CLOSURE));
            var x = scheduler.submit(copies("x", ALICE, 60, Map.of()), Set.of(), now, true);
            endOfHolders(scheduler);
            decide(scheduler);
            assertThat(scheduler.unlocated()).contains(x);
            assertThat(begun).as("before its inputs are located").isEmpty();

            scheduler.located(x, there, now);
            decide(scheduler);

            assertThat(scheduler.unlocated()).isEmpty();
            assertThat(machineOf("x")).isEqualTo("b");
        }

        @Test
        void othersThatComeWhileInputsAreLocatedTakeTheirTurns() {
            var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 1));
            submit(scheduler, build("holder1"), build("holder2"));
            decide(scheduler);
            var x = scheduler.submit(copies("x", ALICE, 60, Map.of()), Set.of(), now, true);
            endOfHolders(scheduler);
            decide(scheduler);
            assertThat(scheduler.unlocated()).contains(x);

            submit(scheduler, build("y").withClient(new Client("urgent", 1, 100)));
            decide(scheduler);
            assertThat(begun).containsExactly("y");
            assertThat(scheduler.unlocated()).contains(x);

            scheduler.cancel(x);
            decide(scheduler);
            assertThat(scheduler.unlocated()).isEmpty();
            assertThat(begun).containsExactly("y");
        }

        @Test
        void inputsThatWereLocatedLatelyAreNotLocatedAgain() {
            var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 1));
            submit(scheduler, build("holder1"), build("holder2"));
            decide(scheduler);
            begun.clear();
            scheduler.submit(copies("x", ALICE, 60, Map.of()), Set.of(), now, true);
            now = now.plusSeconds(5);
            scheduler.finished(requireNonNull(running.remove("holder1")), now);
            decide(scheduler);

            assertThat(scheduler.unlocated()).isEmpty();
            assertThat(begun).containsExactly("x");
        }

        private void endOfHolders(Scheduler scheduler) {
            begun.clear();
            now = now.plusSeconds(60);
            for (var holder : List.of("holder1", "holder2"))
                scheduler.finished(requireNonNull(running.remove(holder)), now);
        }

        private static final long CLOSURE = 5_000_000_000L;

        private static BuildRequest copies(String name, Client client, long seconds, Map<String, Long> present) {
            return build(name)
                    .withClient(client)
                    .withWork(Work.of(Duration.ofSeconds(seconds)))
                    .withInputs(new Inputs(CLOSURE, present));
        }

        @Test
        void shortBuildDoesNotWaitForAFasterMachine() {
            assertThat(afterTheFastOneIsTaken(Work.of(Duration.ofSeconds(5)))).containsExactly("x");
        }

        private List<String> afterTheFastOneIsTaken(Work work) {
            var scheduler = scheduler(machine("fast", 1, 8), machine("slow", 1, 1));
            submit(scheduler, build("holder").withWork(Work.of(Duration.ofMinutes(8))));
            decide(scheduler);
            assertThat(machineOf("holder")).isEqualTo("fast");
            begun.clear();
            submit(scheduler, build("x").withWork(work));
            decide(scheduler);
            assertThat(scheduler.wakeAt().isPresent()).isEqualTo(begun.isEmpty());
            return begun;
        }

        /// Waiting for it would be waiting for nothing.
        @Test
        void buildDoesNotWaitForAMachineThatItMustNotGoTo() {
            var scheduler = scheduler(machine("fast", 1, 8), machine("slow", 1, 1));
            submit(scheduler, build("holder"));
            decide(scheduler);
            scheduler.submit(build("x").withWork(Work.of(Duration.ofMinutes(30))), Set.of("fast"), now);
            decide(scheduler);

            assertThat(machineOf("x")).isEqualTo("slow");
        }
    }

    @Nested
    class Resources {
        @Test
        void areNeverTakenTwice() {
            var scheduler = scheduler(withResource(machine("m", 4, 1), "gpu", 2));
            for (var name : List.of("a", "b", "c")) submit(scheduler, takes(name, "gpu", 1));
            decide(scheduler);
            assertThat(begun).containsExactly("a", "b");
            finish(scheduler, "a");

            assertThat(running).containsOnlyKeys("b", "c");
        }

        @Test
        void machineIsKeptForWhoTakesMuchAndHasWaitedLong() {
            var scheduler = scheduler(withResource(machine("m", 2, 1), "gpu", 2));
            submit(scheduler, takes("a", "gpu", 1), takes("b", "gpu", 1));
            decide(scheduler);
            submit(scheduler, takes("big", "gpu", 2));
            now = now.plus(SchedulerOptions.DEFAULT.patience());
            submit(scheduler, takes("small1", "gpu", 1), takes("small2", "gpu", 1));
            finish(scheduler, "a");
            finish(scheduler, "b");

            assertThat(running).containsOnlyKeys("big");
        }
    }

    @Nested
    class KeptMachines {
        private static final Client ONE_AT_A_TIME = new Client("guests", 0, 1);

        private final Machine large = withResource(machine("large", 2, 1, List.of("big"), List.of()), "gpu", 2);

        /// The last slot is taken by a small build, so that the large one, which has waited long, has `large` kept.
        private Scheduler kept() {
            var scheduler = scheduler(large, machine("other", 1, 1, List.of("other"), List.of()));
            submit(scheduler, takes("a", "gpu", 1));
            decide(scheduler);
            submit(scheduler, takes("guest-large", "gpu", 2).withClient(ONE_AT_A_TIME));
            now = now.plus(SchedulerOptions.DEFAULT.patience());
            decide(scheduler);
            submit(scheduler, takes("small", "gpu", 1));
            decide(scheduler);
            assertThat(running).as("a machine is kept").containsOnlyKeys("a");
            return scheduler;
        }

        @Test
        void noneIsKeptForAClientThatMayNotBeginAnotherBuild() {
            var scheduler = kept();
            submit(scheduler, build("guest-other", "other").withClient(ONE_AT_A_TIME));
            decide(scheduler);

            assertThat(running).as("what stood idle is used").containsOnlyKeys("a", "guest-other", "small");
        }

        @Test
        void oneIsKeptAgainOnceItsClientMayBeginABuild() {
            var scheduler = kept();
            submit(scheduler, build("guest-other", "other").withClient(ONE_AT_A_TIME));
            decide(scheduler);
            finish(scheduler, "guest-other");
            submit(scheduler, takes("small2", "gpu", 1), takes("small3", "gpu", 1));
            finish(scheduler, "a");
            assertThat(running).containsOnlyKeys("small");
            finish(scheduler, "small");

            assertThat(running).containsOnlyKeys("guest-large");
        }
    }

    @Nested
    class Machines {
        private final Scheduler scheduler = scheduler(machine("m", 2, 1));

        @Test
        void drainedOneGetsNothingUntilResumed() {
            MachineEvents.at(scheduler).drain("m", true);
            submit(scheduler, build("x"));
            decide(scheduler);
            assertThat(begun).isEmpty();
            MachineEvents.at(scheduler).drain("m", false);
            decide(scheduler);

            assertThat(begun).containsExactly("x");
        }

        @Test
        void oneUnderPressureGetsNothingUntilThatIsOver() {
            MachineEvents.at(scheduler).learn("m", facts -> facts.withObjection("its disk is full"));
            submit(scheduler, build("x"));
            decide(scheduler);
            assertThat(begun).isEmpty();
            MachineEvents.at(scheduler).learn("m", facts -> facts.withObjection(""));
            decide(scheduler);

            assertThat(begun).containsExactly("x");
        }

        @Test
        void oneThatFailedIsSetAsideUntilItAnswers() {
            MachineEvents.at(scheduler).failed("m", now, "broke");
            submit(scheduler, build("x"), build("y"));
            decide(scheduler);
            assertThat(begun).isEmpty();
            assertThat(scheduler.wakeAt()).isEmpty();
            MachineEvents.at(scheduler).answered("m");
            decide(scheduler);

            assertThat(begun).containsExactly("x", "y");
        }

        @Test
        void oneThatFailsAgainIsThenTriedWithOneBuild() {
            MachineEvents.at(scheduler).failed("m", now, "broke");
            MachineEvents.at(scheduler).answered("m");
            MachineEvents.at(scheduler).failed("m", now, "broke again");
            MachineEvents.at(scheduler).answered("m");
            submit(scheduler, build("x"), build("y"));
            decide(scheduler);
            assertThat(begun).containsExactly("x");
            MachineEvents.at(scheduler).worked("m");
            decide(scheduler);

            assertThat(begun).containsExactly("x", "y");
        }

        @Test
        void oneThatIsRemovedFinishesWhatItHasAndIsThenForgotten() {
            submit(scheduler, build("x"));
            decide(scheduler);
            scheduler.replace(List.of(MachineSnapshot.asConfigured(machine("new", 1, 1))));
            submit(scheduler, build("y"));
            decide(scheduler);
            assertThat(machineOf("y")).isEqualTo("new");
            assertThat(scheduler.machines()).extracting(MachineView::state).contains(MachineState.REMOVED);
            finish(scheduler, "x");

            assertThat(scheduler.machines())
                    .extracting(view -> view.machine().name())
                    .containsExactly("new");
        }

        @Test
        void buildsThatNoneOfTheNewMachinesFitsAreImpossible() {
            submit(scheduler, build("holder1"), build("holder2"));
            decide(scheduler);
            submit(scheduler, build("x"));
            scheduler.replace(List.of(MachineSnapshot.asConfigured(machine("arm", 1, 1, List.of(), List.of("arm")))));
            decide(scheduler);

            assertThat(impossible).containsExactly("x");
            assertThat(scheduler.waitingBuilds()).isZero();
        }

        @Test
        void busyOneIsNoReasonToGiveUp() {
            submit(scheduler, build("a"), build("b"), build("c"));
            decide(scheduler);

            assertThat(impossible).isEmpty();
            assertThat(scheduler.waitingBuilds()).isEqualTo(1);
        }

        @Test
        void whatIsLearntOfItsSpeedDecides() {
            var scheduler = scheduler(machine("a", 1, 2), machine("b", 1, 2));
            MachineEvents.at(scheduler).learn("b", facts -> facts.withSpeed(4));
            submit(scheduler, build("x"));
            decide(scheduler);

            assertThat(machineOf("x")).isEqualTo("b");
        }

        /// It goes from one kind of machines to another, neither of which is new.
        @Test
        void oneThatBecomesFasterIsSeenByBuildsThatAreExcludedFromItsNewPeers() {
            var scheduler = scheduler(machine("fast", 1, 4), machine("slow", 1, 1), machine("slower", 1, 1));
            MachineEvents.at(scheduler).drain("slow", true);
            scheduler.submit(build("x"), Set.of("fast", "slower"), now);
            decide(scheduler);
            assertThat(begun).isEmpty();
            MachineEvents.at(scheduler).learn("slow", facts -> facts.withSpeed(4));
            MachineEvents.at(scheduler).drain("slow", false);
            decide(scheduler);

            assertThat(machineOf("x")).isEqualTo("slow");
        }
    }
}
