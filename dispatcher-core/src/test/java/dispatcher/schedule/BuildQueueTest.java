package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue.Assignment;
import dispatcher.schedule.BuildQueue.Outcome;
import dispatcher.schedule.BuildQueue.Ticket;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class BuildQueueTest {
    private final ManualClock clock = new ManualClock();

    private BuildQueue queue(Machine... machines) {
        return new BuildQueue(List.of(machines), SchedulerOptions.DEFAULT, clock);
    }

    private static BuildRequest request(String name, String... features) {
        return new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>(List.of(features)));
    }

    private static Ticket submit(BuildQueue queue, String name, String... features) {
        return queue.submit(request(name, features), Set.of());
    }

    private static boolean waits(Ticket ticket) {
        return ticket.isWaiting();
    }

    /// The slot of a ticket that does not wait any more.
    private static Assignment slot(Ticket ticket) throws InterruptedException {
        assertThat(waits(ticket)).as("%s waits", ticket.request()).isFalse();
        if (ticket.await() instanceof Outcome.Assigned(var assignment)) return assignment;
        throw new AssertionError(ticket.request() + " has no slot");
    }

    private static String machineOf(Ticket ticket) throws InterruptedException {
        return slot(ticket).machine().name();
    }

    private static int running(BuildQueue queue) {
        return queue.snapshot().machines().stream()
                .mapToInt(MachineView::slotsTaken)
                .sum();
    }

    @Nested
    class Raised {
        @Test
        void theBuildThatIsRaisedGetsTheNextSlot() throws Exception {
            var queue = queue(machine("m", 1, 1));
            var running = submit(queue, "running");
            var first = submit(queue, "first");
            var raised = submit(queue, "raised");

            assertThat(queue.raise(FakeStore.path("raised.drv"))).isEqualTo(1);

            assertThat(queue.snapshot().waiting())
                    .extracting(position -> position.build().request().drvPath().name())
                    .containsExactly("raised.drv", "first.drv");
            slot(running).close();
            assertThat(machineOf(raised)).isEqualTo("m");
            assertThat(waits(first)).isTrue();
            assertThat(running(queue)).isEqualTo(1);
            raised.cancel();
            assertThat(machineOf(first)).isEqualTo("m");
        }

        @Test
        void aBuildThatDoesNotWaitIsNotRaised() throws Exception {
            var queue = queue(machine("m", 1, 1));
            var running = submit(queue, "running");

            assertThat(queue.raise(FakeStore.path("running.drv"))).isZero();
            slot(running).close();
        }

        private final Client ci = new Client("ci", 0, 1);
        private final Client laptop = new Client("laptop", 0, 8);

        private Ticket submitFor(Client client, BuildQueue queue, String name) {
            return queue.submit(request(name).withClient(client), Set.of());
        }

        @Test
        void whatItTakesIsOfItsClientsShare() throws Exception {
            var queue = queue(machine("m", 1, 1));
            var running = submit(queue, "running");
            var early = submitFor(laptop, queue, "early");
            var raised = submitFor(laptop, queue, "raised");
            var other = submitFor(ci, queue, "other");
            queue.raise(FakeStore.path("raised.drv"));

            slot(running).close();
            clock.advance(Duration.ofSeconds(30));
            slot(raised).close();

            assertThat(machineOf(other)).isEqualTo("m");
            assertThat(waits(early)).as("its client has had a build since then").isTrue();
            assertThat(queue.snapshot().waiting()).hasSize(1);
        }

        @Test
        void itsClientsOtherBuildsComeLaterInTheSameRoundToo() throws Exception {
            var queue = queue(machine("m", 1, 1));
            var running = submit(queue, "running");
            var early = submitFor(laptop, queue, "early");
            var raised = submitFor(laptop, queue, "raised");
            var other = submitFor(ci, queue, "other");
            queue.raise(FakeStore.path("raised.drv"));

            queue.update(MachineSnapshot.asConfigured(machine("m", 3, 1)));

            assertThat(waits(raised)).isFalse();
            assertThat(waits(other)).isFalse();
            assertThat(waits(early)).isTrue();
            slot(running).close();
        }

        @Test
        void itBeginsBeyondItsClientsLimitAndThenCountsToIt() throws Exception {
            var queue = queue(machine("m", 2, 1));
            var first = submitFor(ci, queue, "first");
            var second = submitFor(ci, queue, "second");
            var third = submitFor(ci, queue, "third");
            assertThat(waits(second)).as("one at once").isTrue();

            queue.raise(FakeStore.path("third.drv"));

            assertThat(waits(third)).isFalse();
            slot(first).close();
            assertThat(waits(second)).as("the raised one runs").isTrue();
            slot(third).close();
            assertThat(waits(second)).isFalse();
        }

        @Test
        void aRaisedBuildThatIsCancelledLeavesNothingBehind() {
            var queue = queue(machine("m", 1, 1));
            submit(queue, "running");
            var waiting = submit(queue, "waiting");
            queue.raise(FakeStore.path("waiting.drv"));

            waiting.cancel();

            assertThat(queue.snapshot().waiting()).isEmpty();
        }
    }

    @Nested
    class LatestInputs {
        private static final Inputs NOWHERE = Inputs.of(5_000_000_000L);

        private final BuildQueue queue = queue(machine("a", 1, 1), machine("b", 1, 1));

        private Ticket submit(Supplier<Inputs> latest) {
            return queue.submit(
                    request("x").withInputs(NOWHERE), Set.of(), clock.instant().minusSeconds(60), latest);
        }

        @Test
        void decideOnTheMachine() throws Exception {
            var ticket = submit(() -> new Inputs(NOWHERE.bytes(), Map.of("b", NOWHERE.bytes())));

            assertThat(machineOf(ticket)).isEqualTo("b");
        }

        @Test
        void areLookedUpWhileOthersUseTheQueue() throws Exception {
            var ticket = submit(() -> {
                Await.result(Await.start(queue::snapshot));
                return NOWHERE;
            });

            assertThat(machineOf(ticket)).isEqualTo("a");
        }

        @Test
        void areLookedUpByWhoeverGivesASlotBack() throws Exception {
            var one = BuildQueueTest.submit(queue, "one");
            var two = BuildQueueTest.submit(queue, "two");
            var lookedUpBy = new ArrayList<Thread>();
            var ticket = submit(() -> {
                lookedUpBy.add(Thread.currentThread());
                return NOWHERE;
            });
            assertThat(lookedUpBy).as("as long as there is no slot").isEmpty();
            slot(two).close();

            assertThat(machineOf(ticket)).isNotEqualTo(machineOf(one));
            assertThat(lookedUpBy).containsExactly(Thread.currentThread());
        }

        /// Whose turn it is may change while its inputs are looked up.
        @Test
        void ofABuildThatIsCancelledMeanwhileDecideNothing() throws Exception {
            var cancelled = new AtomicReference<Ticket>();
            var held = BuildQueueTest.submit(queue, "one");
            BuildQueueTest.submit(queue, "two");
            cancelled.set(submit(() -> {
                cancelled.get().cancel();
                return NOWHERE;
            }));
            var next = BuildQueueTest.submit(queue, "next");
            slot(held).close();

            assertThat(cancelled.get().await()).isInstanceOf(Outcome.NoMachine.class);
            assertThat(waits(next)).isFalse();
        }
    }

    @Nested
    class Order {
        @Test
        void firstComeIsFirstServed() throws Exception {
            var queue = queue(machine("a", 1, 1));
            var first = submit(queue, "first");
            var second = submit(queue, "second");
            var third = submit(queue, "third");
            assertThat(second.standing())
                    .hasValueSatisfying(standing -> assertThat(standing.place()).isEqualTo(1));
            assertThat(third.standing())
                    .hasValueSatisfying(standing -> assertThat(standing.place()).isEqualTo(2));

            slot(first).close();
            assertThat(waits(second)).isFalse();
            slot(second).close();
            assertThat(waits(third)).isFalse();
        }

        @Test
        void buildWhoseMachinesAreBusyIsOvertakenByOneThatAnotherCanDo() throws Exception {
            var queue = queue(machine("plain", 2, 1), machine("kvm", 1, 1, List.of("kvm"), List.of("kvm")));
            submit(queue, "k1", "kvm");
            var k2 = submit(queue, "k2", "kvm");
            var p = submit(queue, "p");

            assertThat(waits(k2)).isTrue();
            assertThat(machineOf(p)).isEqualTo("plain");
        }

        @Test
        void freedSlotGoesToTheOldestThatFits() throws Exception {
            var queue = queue(machine("a", 1, 1, List.of("big"), List.of()));
            var holder = submit(queue, "holder");
            var big = submit(queue, "big", "big");
            var plain = submit(queue, "plain");
            slot(holder).close();

            assertThat(waits(big)).isFalse();
            assertThat(waits(plain)).isTrue();
        }

        @Test
        void excludedMachineIsNotChosen() throws Exception {
            var queue = queue(machine("fast", 1, 9), machine("slow", 1, 1));

            assertThat(machineOf(queue.submit(request("x"), Set.of("fast")))).isEqualTo("slow");
        }

        @Test
        void buildWaitsForABusyMachineRatherThanGoToAnExcludedOne() {
            var queue = queue(machine("a", 1, 1), machine("b", 1, 1));
            queue.submit(request("holder"), Set.of("b"));

            assertThat(waits(queue.submit(request("x"), Set.of("b")))).isTrue();
        }

        @Test
        void exclusionOfOneBuildIsNotThatOfAnotherWithTheSameNeeds() throws Exception {
            var queue = queue(machine("a", 1, 1), machine("b", 1, 1));
            queue.submit(request("holder"), Set.of("b"));
            queue.submit(request("x"), Set.of("b"));

            assertThat(machineOf(submit(queue, "y"))).isEqualTo("b");
        }
    }

    @Nested
    class Impossible {
        @Test
        void buildThatNoMachineFitsIsToldEachReason() throws Exception {
            var queue = queue(machine("a", 1, 1), machine("b", 0, 1));
            var outcome = submit(queue, "x", "kvm").await();

            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.NoMachine.class,
                            no -> assertThat(no.reasons())
                                    .containsEntry("a", "it lacks the feature kvm")
                                    .containsEntry("b", "its maxJobs is 0"));
        }

        @Test
        void buildForABusyMachineWaits() {
            var queue = queue(machine("a", 1, 1));
            submit(queue, "holder");

            assertThat(waits(submit(queue, "x"))).isTrue();
        }

        @Test
        void buildForAMachineThatIsSetAsideWaits() {
            var queue = queue(machine("a", 1, 1));
            MachineEvents.at(queue).failed("a", clock.instant(), "broke");

            assertThat(waits(submit(queue, "x"))).isTrue();
        }

        @Test
        void buildForExcludedMachinesOnlyIsImpossible() throws Exception {
            var queue = queue(machine("a", 1, 1));

            assertThat(queue.submit(request("x"), Set.of("a")).await()).isInstanceOf(Outcome.NoMachine.class);
        }
    }

    @Nested
    class Slots {
        @Test
        void closingASlotTwiceFreesItOnce() throws Exception {
            var queue = queue(machine("a", 2, 1));
            var first = slot(submit(queue, "x"));
            submit(queue, "y");
            first.close();
            first.close();

            assertThat(running(queue)).isEqualTo(1);
        }

        @Test
        void interruptedBuildLeavesTheQueue() {
            var queue = queue(machine("a", 1, 1));
            submit(queue, "holder");
            var ticket = submit(queue, "x");
            Thread.currentThread().interrupt();

            assertThatThrownBy(ticket::await).isInstanceOf(InterruptedException.class);
            assertThat(queue.snapshot().waiting()).isEmpty();
        }

        /// The two come at the same moment, so it is tried often; whatever the order, no slot may be lost.
        @Test
        void slotAssignedInTheMomentOfAnInterruptionIsFreeAgain() throws Exception {
            var queue = queue(machine("a", 1, 1));
            for (int i = 0; i < 300; i++) {
                var holder = slot(submit(queue, "holder"));
                var ticket = submit(queue, "x");
                var waiter = Thread.ofVirtual().start(() -> {
                    try {
                        if (ticket.await() instanceof Outcome.Assigned(var assignment)) assignment.close();
                    } catch (InterruptedException e) {
                        // It must have left nothing behind.
                    }
                });
                if (i % 3 > 0) Await.until("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
                var closer = Thread.ofVirtual().start(holder::close);
                waiter.interrupt();
                Await.end(closer);
                Await.end(waiter);
                assertThat(running(queue)).as("run %d", i).isZero();
            }
        }
    }

    @Nested
    class SetAside {
        @Test
        void machineThatFailedIsNotChosenBeforeItAnswers() throws Exception {
            var queue = queue(machine("fast", 4, 9), machine("slow", 4, 1));
            MachineEvents.at(queue).failed("fast", clock.instant(), "broke");
            clock.advance(Duration.ofDays(1));
            assertThat(machineOf(submit(queue, "x"))).isEqualTo("slow");
            MachineEvents.at(queue).answered("fast");

            assertThat(machineOf(submit(queue, "y"))).isEqualTo("fast");
        }

        @Test
        void machineThatWorkedIsBackAtOnce() throws Exception {
            var queue = queue(machine("a", 1, 1));
            MachineEvents.at(queue).failed("a", clock.instant(), "broke");
            var ticket = submit(queue, "x");
            MachineEvents.at(queue).worked("a");

            assertThat(machineOf(ticket)).isEqualTo("a");
            assertThat(queue.snapshot().machines().getFirst().health().failures())
                    .isZero();
        }
    }

    @Nested
    class Refused {
        @Test
        void buildThatWaitsLeavesWithTheReasons() throws Exception {
            var queue = queue(machine("a", 1, 1));
            submit(queue, "holder");
            var ticket = submit(queue, "x");
            ticket.refuse(Map.of("a", "away"));

            assertThat(ticket.await()).isEqualTo(new Outcome.NoMachine(Map.of("a", "away")));
            assertThat(queue.snapshot().waiting()).isEmpty();
        }

        @Test
        void buildThatHasAMachineKeepsIt() throws Exception {
            var queue = queue(machine("a", 1, 1));
            var ticket = submit(queue, "x");
            ticket.refuse(Map.of("a", "away"));

            assertThat(machineOf(ticket)).isEqualTo("a");
            assertThat(running(queue)).isEqualTo(1);
        }
    }

    @Test
    void unknownMachineIsIgnored() {
        var queue = queue(machine("a", 1, 1));
        MachineEvents.at(queue).failed("b", clock.instant(), "broke");
        MachineEvents.at(queue).worked("b");

        assertThat(queue.snapshot().machines())
                .extracting(view -> view.machine().name())
                .containsExactly("a");
    }

    @Nested
    class ReplacedMachines {
        @Test
        void oneThatComesBackIsAsItsSnapshotSays() throws Exception {
            var queue = queue(machine("a", 1, 1), machine("b", 1, 1));
            var a = MachineSnapshot.asConfigured(machine("a", 1, 9));
            var b = MachineSnapshot.asConfigured(machine("b", 1, 1));
            var x = submit(queue, "x");
            assertThat(machineOf(x)).isEqualTo("a");
            queue.replace(List.of(b));
            queue.replace(List.of(b, a.withDrained(true)));
            assertThat(machineOf(submit(queue, "y"))).isEqualTo("b");
            slot(x).close();
            var z = submit(queue, "z");
            assertThat(waits(z)).isTrue();
            queue.update(a);

            assertThat(machineOf(z)).isEqualTo("a");
        }

        @Test
        void moreSlotsAreUsedAtOnce() throws Exception {
            var queue = queue(machine("a", 1, 1));
            var x = submit(queue, "x");
            var y = submit(queue, "y");
            assertThat(machineOf(x)).isEqualTo("a");
            assertThat(waits(y)).isTrue();
            queue.replace(List.of(MachineSnapshot.asConfigured(machine("a", 2, 1))));

            assertThat(machineOf(y)).isEqualTo("a");
        }

        @Test
        void fewerSlotsEndNothing() throws Exception {
            var queue = queue(machine("a", 2, 1));
            var x = submit(queue, "x");
            var y = submit(queue, "y");
            queue.replace(List.of(MachineSnapshot.asConfigured(machine("a", 1, 1))));
            assertThat(running(queue)).isEqualTo(2);
            slot(x).close();
            var z = submit(queue, "z");
            assertThat(waits(z)).isTrue();
            slot(y).close();

            assertThat(waits(z)).isFalse();
        }
    }

    @Nested
    class Snapshots {
        private final BuildQueue queue = queue(machine("a", 1, 1));
        private final MachineSnapshot first = MachineSnapshot.asConfigured(machine("a", 1, 1));

        @Test
        void anEarlierOneThatComesLaterIsIgnored() {
            queue.update(first.withDrained(true).withVersion(8));
            queue.update(first.withVersion(7));

            assertThat(waits(submit(queue, "x"))).isTrue();
        }

        /// The later one says what was known before the earlier one was made.
        @Test
        void soItIsIfTheLaterOneSaidNothingNew() {
            queue.update(first.withVersion(8));
            queue.update(first.withDrained(true).withVersion(7));

            assertThat(waits(submit(queue, "x"))).isFalse();
        }

        @Test
        void ofAChangeOfAllMachinesTheEarlierOnesSayOnlyThatTheyAreThere() {
            queue.update(first.withDrained(true).withVersion(8));
            queue.replace(List.of(first.withVersion(7)));
            assertThat(waits(submit(queue, "x"))).isTrue();
            queue.replace(List.of(first.withVersion(9)));

            assertThat(waits(submit(queue, "y"))).isTrue();
            assertThat(running(queue)).isEqualTo(1);
        }

        @Test
        void ofAMachineThatIsGoneIsIgnored() throws Exception {
            var x = submit(queue, "x");
            queue.replace(List.of());
            queue.update(first.withVersion(9));
            assertThat(queue.snapshot().machines())
                    .extracting(MachineView::state)
                    .containsExactly(MachineState.REMOVED);
            slot(x).close();

            assertThat(queue.snapshot().machines()).isEmpty();
        }

        @Test
        void thatDescribesTheMachineAnewEndsTheWaitingOfThoseThatItDoesNotFit() throws Exception {
            submit(queue, "holder");
            var x = submit(queue, "x");
            queue.update(MachineSnapshot.asConfigured(machine("a", 1, 1, List.of("kvm"), List.of("kvm"))));

            assertThat(x.await())
                    .isInstanceOfSatisfying(
                            Outcome.NoMachine.class,
                            no -> assertThat(no.reasons()).containsOnlyKeys("a"));
        }
    }
}
