package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue.Assignment;
import dispatcher.schedule.BuildQueue.Outcome;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// Machines that have to be started before they can have builds.
class StartingMachinesTest {
    private static final Duration BOOT = Duration.ofSeconds(30);

    private final ManualClock clock = new ManualClock();
    private final Map<String, Ticket> tickets = new HashMap<>();
    private BuildQueue queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);

    private void fleet(Machine... machines) {
        queue = new BuildQueue(List.of(machines), SchedulerOptions.DEFAULT, clock);
    }

    private void off(String... machines) {
        for (var machine : machines) boot(machine, Boot.off(BOOT));
    }

    private void boot(String machine, Boot boot) {
        MachineEvents.at(queue).learn(machine, facts -> facts.withBoot(boot));
    }

    private static BuildRequest request(String name, Work work) {
        return new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>()).withWork(work);
    }

    /// @param seconds that such builds took
    private void known(String name, int seconds) {
        submit(request(name, Work.of(Duration.ofSeconds(seconds))));
    }

    private void unknown(String name) {
        submit(request(name, Work.UNKNOWN));
    }

    private void submit(BuildRequest request) {
        tickets.put(request.drvPath().name().replace(".drv", ""), queue.submit(request, Set.of()));
    }

    private Assignment slot(String build) throws InterruptedException {
        var ticket = tickets.get(build);
        if (ticket != null && !ticket.isWaiting() && ticket.await() instanceof Outcome.Assigned(var assignment))
            return assignment;
        throw new AssertionError(build + " has no slot");
    }

    private String machineOf(String build) throws InterruptedException {
        return slot(build).machine().name();
    }

    private boolean waits(String build) {
        var ticket = tickets.get(build);
        return ticket != null && ticket.isWaiting();
    }

    private List<String> machinesInUse() {
        return queue.snapshot().machines().stream()
                .filter(view -> view.slotsTaken() > 0)
                .map(view -> view.machine().name())
                .toList();
    }

    @Nested
    class Choice {
        @Test
        void aFreeMachineThatIsUpIsTakenUnlessAFasterOneIsDoneEarlierAfterItsStart() throws Exception {
            fleet(machine("fast", 1, 10), machine("slow", 1, 1));
            off("fast");
            known("short", 20);
            assertThat(machineOf("short")).isEqualTo("slow");
            slot("short").close();
            known("long", 60);
            assertThat(machineOf("long")).isEqualTo("fast");
        }

        @Test
        void aBusyMachineIsWaitedForIfItIsFreeBeforeAnotherOneHasStarted() throws Exception {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            known("first", 20);
            known("second", 20);
            assertThat(machineOf("first")).isEqualTo("on");
            assertThat(waits("second")).isTrue();
            slot("first").close();
            assertThat(machineOf("second")).isEqualTo("on");
        }

        @Test
        void soItIsForABuildThatWasNeverSeen() throws Exception {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            known("first", 20);
            unknown("second");
            assertThat(machineOf("first")).isEqualTo("on");
            assertThat(waits("second")).isTrue();
        }

        @Test
        void aMachineIsStartedAtOnceWhenTheQueueTakesLongerThanItsStart() throws Exception {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            for (int i = 1; i <= 4; i++) known("b" + i, 20);
            assertThat(machineOf("b1")).isEqualTo("on");
            assertThat(waits("b2")).as("should begin in 20 s").isTrue();
            assertThat(machineOf("b3")).as("should begin in 40 s").isEqualTo("off");
            assertThat(slot("b3").placement().boot()).isEqualTo(30);
            assertThat(waits("b4")).isTrue();
        }

        @Test
        void aMachineIsStartedWhenABuildTakesLongerThanExpected() throws Exception {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            known("first", 20);
            known("second", 20);
            assertThat(waits("second")).isTrue();
            clock.advance(Duration.ofMinutes(5));
            known("third", 20);
            assertThat(machineOf("second")).isEqualTo("off");
        }

        @Test
        void fromZeroAMachineIsStartedForTheFirstBuild() throws Exception {
            fleet(machine("off", 1, 1));
            off("off");
            unknown("first");
            assertThat(machineOf("first")).isEqualTo("off");
        }

        @Test
        void noMoreMachinesAreStartedThanThereAreBuildsFor() throws Exception {
            fleet(machine("a", 3, 1), machine("b", 3, 1), machine("c", 3, 1));
            off("a", "b", "c");
            for (int i = 1; i <= 3; i++) known("b" + i, 20);
            assertThat(machinesInUse()).containsExactly("a");
            boot("a", Boot.starting(BOOT, clock.instant()));
            clock.advance(Duration.ofSeconds(25));
            known("b4", 20);
            assertThat(waits("b4")).as("a slot should be free in 25 s").isTrue();
            for (int i = 5; i <= 9; i++) known("b" + i, 20);
            assertThat(machinesInUse()).containsExactly("a", "b");
        }

        @Test
        void whatIsLeftOfAStartCounts() throws Exception {
            fleet(machine("starting", 1, 1), machine("off", 1, 1));
            off("off");
            boot("starting", Boot.starting(BOOT, clock.instant()));
            clock.advance(Duration.ofSeconds(20));
            known("first", 20);
            assertThat(machineOf("first")).isEqualTo("starting");
            assertThat(slot("first").placement().boot()).isEqualTo(10);
        }

        @Test
        void aStartThatTakesTooLongIsTakenToGoOnForAWhile() throws Exception {
            fleet(machine("starting", 1, 1));
            boot("starting", Boot.starting(BOOT, clock.instant()));
            clock.advance(Duration.ofSeconds(100));
            known("first", 20);
            assertThat(slot("first").placement().boot()).isEqualTo(25);
        }

        @Test
        void noMachineIsStartedForASecondAttempt() throws Exception {
            fleet(machine("slow", 1, 1), machine("fast", 1, 8));
            MachineEvents.at(queue).drain("fast", true);
            known("first", 20);
            MachineEvents.at(queue).drain("fast", false);
            off("fast");
            var inputs = Inputs.of(0);
            assertThat(queue.trySpare(slot("first"), Set.of(), inputs)).isEmpty();
            boot("fast", Boot.UP);
            assertThat(queue.trySpare(slot("first"), Set.of(), inputs)).isPresent();
        }

        @Test
        void explainSaysHowLongTheStartTakes() {
            fleet(machine("off", 1, 1));
            off("off");
            var explanation = queue.explain(request("x", Work.of(Duration.ofSeconds(5))), Set.of());
            assertThat(explanation.chosen()).contains("off");
            var choice = explanation.choices().getFirst();
            assertThat(choice.boot()).isEqualTo(Boot.off(BOOT));
            assertThat(choice.placement().orElseThrow().finish()).isEqualTo(35.1);
            assertThat(choice.placement().orElseThrow().reason()).contains("not up; starts in about 30 s");
        }
    }

    @Nested
    class Moving {
        /// Three builds of 20 s: the first on the machine that is up, the second waits for that, the third for the
        /// start of the other one.
        private void threeBuilds() throws InterruptedException {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            for (int i = 1; i <= 3; i++) known("b" + i, 20);
            assertThat(machineOf("b3")).isEqualTo("off");
        }

        @Test
        void aBuildLeavesAMachineThatStartsForOneThatGetsFreeBefore() throws Exception {
            threeBuilds();
            var early = slot("b3");
            var waiting = Await.start(early::awaitMove);
            slot("b1").close();
            assertThat(machineOf("b2")).isEqualTo("on");
            assertThat(waiting).isNotDone();

            clock.advance(Duration.ofSeconds(5));
            slot("b2").close();
            var moved = Await.result(waiting).orElseThrow();
            assertThat(moved.machine().name()).isEqualTo("on");
            assertThat(moved.placement().boot()).isZero();
            assertThat(machinesInUse()).containsExactly("on");
            early.close();
            assertThat(machinesInUse()).as("what is over is not closed again").containsExactly("on");
            moved.close();
            assertThat(machinesInUse()).isEmpty();
        }

        @Test
        void aBuildStaysIfItWouldEndNoEarlierElsewhere() throws Exception {
            fleet(machine("on", 1, 0.1), machine("off", 1, 1));
            off("off");
            known("b1", 20);
            assertThat(machineOf("b1")).isEqualTo("off");
            clock.advance(Duration.ofSeconds(29));
            boot("on", Boot.UP);
            assertThat(machineOf("b1")).isEqualTo("off");
            assertThat(machinesInUse()).containsExactly("off");
        }

        @Test
        void aBuildThatHasBegunStays() throws Exception {
            threeBuilds();
            slot("b3").settle();
            assertThat(slot("b3").awaitMove()).isEmpty();
            slot("b1").close();
            slot("b2").close();
            assertThat(machinesInUse()).containsExactly("off");
        }

        @Test
        void aSlotThatNobodyTookIsGivenBackWithTheOneBefore() throws Exception {
            threeBuilds();
            slot("b1").close();
            slot("b2").close();
            assertThat(machinesInUse()).containsExactly("on");
            slot("b3").close();
            assertThat(machinesInUse()).isEmpty();
        }

        @Test
        void whatABuildLeavesIsForThoseWhoWait() throws Exception {
            fleet(machine("on", 1, 1), machine("off", 1, 1));
            off("off");
            for (int i = 1; i <= 6; i++) known("b" + i, 20);
            var early = new ArrayList<>(List.of("b2", "b3", "b4"));
            early.removeIf(StartingMachinesTest.this::waits);
            assertThat(early).containsExactly("b3");
            for (var gone : List.of("b4", "b5", "b6")) cancel(gone);
            slot("b1").close();
            slot("b2").close();
            known("b7", 20);
            assertThat(slot("b3").awaitMove().orElseThrow().machine().name()).isEqualTo("on");
            assertThat(waits("b7")).as("should begin in 20 s").isTrue();
            known("b8", 20);
            assertThat(machineOf("b8")).isEqualTo("off");
        }

        private void cancel(String build) {
            var ticket = tickets.remove(build);
            if (ticket != null) ticket.cancel();
        }

        @Test
        void theExpectedEndCountsFromTheEndOfTheStart() throws Exception {
            threeBuilds();
            clock.advance(Duration.ofSeconds(50));
            var view = queue.snapshot().machines().get(1).running().getFirst();
            assertThat(view.expectedEnd())
                    .as("the start, 0.1 s to set up, and the build")
                    .hasValueSatisfying(end ->
                            assertThat(end).isCloseTo(clock.instant().plusMillis(100), within(1, ChronoUnit.MILLIS)));
        }
    }
}
