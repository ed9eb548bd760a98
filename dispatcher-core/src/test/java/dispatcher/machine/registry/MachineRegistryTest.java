package dispatcher.machine.registry;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.BuildStatus;
import dispatcher.nix.StorePath;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.MachineView;
import dispatcher.schedule.policy.MachineFacts;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Seeds;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is known of each machine, whatever happens in whichever order, and that the queue knows the same.
@Timeout(60)
class MachineRegistryTest {
    private static final long GIB = 1L << 30;
    private static final Machine A = machine("a", 4, 1);
    private static final Machine B = machine("b", 2, 3);
    private static final StorePath DRV = FakeStore.path("x.drv");

    private final TestRegistry fleet = new TestRegistry(A, B);
    private final MachineRegistry registry = fleet.registry();

    @AfterEach
    void close() {
        fleet.close();
    }

    private MachineSnapshot a() {
        var known = registry.snapshot("a").orElseThrow();
        assertThat(fleet.inQueue("a").snapshot()).as("in the queue").isEqualTo(known);
        return known;
    }

    private void fails(String machine) {
        registry.recovery().failed(fleet.link(machine), "the connection broke");
    }

    private void works(String machine) {
        registry.recovery().worked(fleet.link(machine));
    }

    @Nested
    class States {
        @Test
        void ofAMachineOfWhichNothingIsKnownAreThoseOfItsDescription() {
            assertThat(a().state()).isEqualTo(MachineState.READY);
            assertThat(a().slots()).isEqualTo(4);
            assertThat(a().facts()).isEqualTo(MachineFacts.asConfigured(A));
            assertThat(registry.isUp("a")).isTrue();
        }

        /// What a person wants comes first; then what broke, then what was measured, then the trial.
        @Test
        void showThemselvesOneAfterTheOtherAsEachEnds() {
            fails("a");
            works("a");
            fleet.sampled("a", PressureWatchTest.free(GIB / 2));
            fails("a");
            registry.drain("a", true);
            assertThat(a().state()).isEqualTo(MachineState.DRAINED);
            registry.drain("a", false);
            assertThat(a().state()).isEqualTo(MachineState.SET_ASIDE);
            works("a");
            assertThat(a().state()).isEqualTo(MachineState.UNDER_PRESSURE);
            assertThat(registry.isUp("a")).as("though it gets no builds").isTrue();
            fleet.unknown("a");

            assertThat(a().state()).isEqualTo(MachineState.READY);
            assertThat(a().health()).isEqualTo(MachineHealth.GOOD);
        }

        @Test
        void aDrainedMachineGoesOnBeingSetAsideAndBroughtBack() {
            registry.drain("a", true);
            fails("a");
            assertThat(registry.isUp("a")).isFalse();
            assertThat(a().slots()).isZero();
            works("a");

            assertThat(registry.isUp("a")).isTrue();
            assertThat(a().state()).isEqualTo(MachineState.DRAINED);
        }

        @Test
        void whatIsLearnedTouchesNothingElse() {
            fails("a");
            registry.drain("a", true);
            fleet.history().copied("a", 50_000_000, 0, Duration.ofSeconds(1).toNanos());
            registry.learning().inputsCopied(1, DRV, "a", 3, 50_000_000, Duration.ofSeconds(1));

            assertThat(a().facts().bandwidth()).isEqualTo(50e6);
            assertThat(a().health().isAside()).isTrue();
            assertThat(a().drained()).isTrue();
        }

        /// Whatever happens to a machine, in any order: each part is as its own events left it.
        @Test
        void areMadeOfPartsThatDoNotDisturbEachOther() {
            Seeds.run(5, random -> {
                registry.drain("a", false);
                fleet.unknown("a");
                works("a");
                boolean drained = false;
                boolean full = false;
                boolean away = false;
                for (int i = 0; i < 200; i++) {
                    boolean on = random.nextBoolean();
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            drained = on;
                            registry.drain("a", on);
                        }
                        case 1 -> {
                            full = on;
                            fleet.sampled("a", PressureWatchTest.free(on ? 1 : 50 * GIB));
                        }
                        case 2 -> {
                            away = on;
                            if (on) fails("a");
                            else works("a");
                        }
                        default -> registry.learning().buildEnded(1, DRV, "a", BuildStatus.BUILT, "", Duration.ZERO);
                    }
                    var expected = drained
                            ? MachineState.DRAINED
                            : away ? MachineState.SET_ASIDE : full ? MachineState.UNDER_PRESSURE : MachineState.READY;
                    assertThat(a().state()).isEqualTo(expected);
                    assertThat(a().slots()).isEqualTo(expected == MachineState.READY ? 4 : 0);
                    assertThat(registry.isUp("a")).isEqualTo(!away);
                }
                assertThat(registry.snapshot("b").orElseThrow().state()).isEqualTo(MachineState.READY);
            });
        }
    }

    @Nested
    class Settings {
        @Test
        void machineThatIsReachedAsBeforeKeepsWhatIsKnownOfIt() {
            var link = fleet.link("a");
            fails("a");
            registry.drain("a", true);
            fleet.sampled("a", PressureWatchTest.free(1));
            fleet.replace(machine("a", 9, 2), B);

            assertThat(fleet.link("a")).isSameAs(link);
            assertThat(a().machine().maxJobs()).isEqualTo(9);
            assertThat(a().facts().speed()).isEqualTo(2);
            assertThat(a().facts().objection()).isNotEmpty();
            assertThat(a().health().isAside()).isTrue();
            assertThat(a().drained()).isTrue();
        }

        @Test
        void ofOneThatIsReachedOtherwiseOnlyWhatConcernsItsNameIsKept() {
            var before = fleet.link("a");
            fails("a");
            registry.drain("a", true);
            fleet.sampled("a", PressureWatchTest.free(1));
            fleet.history().copied("a", 50_000_000, 0, Duration.ofSeconds(1).toNanos());
            fleet.replace(elsewhere(A), B);
            assertThat(fleet.link("a")).isNotSameAs(before);
            assertThat(a().health()).isEqualTo(MachineHealth.GOOD);
            assertThat(a().facts().objection()).isEmpty();
            assertThat(a().facts().bandwidth()).isEqualTo(50e6);
            assertThat(a().drained()).isTrue();

            registry.recovery().failed(before, "says nothing of where it is now");
            assertThat(a().health()).isEqualTo(MachineHealth.GOOD);
            fails("a");
            registry.recovery().worked(before);
            assertThat(registry.isUp("a")).as("nor that it works").isFalse();
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
        void machineThatIsGoneIsNotUpAndComesBackAsANewOne() {
            fails("a");
            fleet.replace(B);
            assertThat(registry.isUp("a")).isFalse();
            assertThat(registry.snapshot("a")).isEmpty();
            assertThat(registry.use("a")).isEmpty();
            fleet.replace(B, A);

            assertThat(a().state()).isEqualTo(MachineState.READY);
            assertThat(registry.machines()).containsExactly(B, A);
        }

        @Test
        void drainedNameStaysDrainedWhetherThereIsSuchAMachineOrNot() {
            assertThat(registry.drain("c", true)).isFalse();
            assertThat(registry.drain("a", true)).isTrue();
            fleet.replace(B);
            assertThat(registry.drained()).containsExactly("a", "c");
            fleet.replace(A, B, machine("c", 1, 1));
            assertThat(a().drained()).isTrue();
            assertThat(fleet.inQueue("c").state()).isEqualTo(MachineState.DRAINED);
        }

        @Test
        void nameThatIsResumedWhileItIsGoneIsNotDrainedWhenItComesBack() {
            registry.drain("a", true);
            fleet.replace(B);
            assertThat(registry.drain("a", false)).isFalse();
            fleet.replace(A, B);

            assertThat(a().state()).isEqualTo(MachineState.READY);
        }

        @Test
        void ifALinkCannotBeMadeNothingHasChanged() {
            var before = a();
            fleet.breakLinks();
            assertThatThrownBy(() -> fleet.replace(machine("a", 9, 2), machine("c", 1, 1)))
                    .hasMessage("no link to c");

            assertThat(a()).isEqualTo(before);
            assertThat(registry.machines()).containsExactly(A, B);
            assertThat(fleet.history().effectiveSpeed("a")).isEqualTo(1);
        }
    }

    @Test
    void whetherAMachineIsUpIsPartOfWhatTheQueueKnows() {
        var off = Boot.off(Duration.ofSeconds(20));
        assertThat(fleet.inQueue("a").facts().boot().isUp()).isTrue();

        fleet.boot("a", off);
        assertThat(fleet.inQueue("a").facts().boot()).isEqualTo(off);
        assertThat(fleet.inQueue("b").facts().boot().isUp()).isTrue();

        fleet.replace(A, B);
        assertThat(fleet.inQueue("a").facts().boot()).isEqualTo(off);

        fleet.boot("a", Boot.UP);
        assertThat(fleet.inQueue("a").facts().boot().isUp()).isTrue();
    }

    /// The queue is updated after each change, with no lock held.
    @Nested
    class Order {
        private static final int THREADS = 4;

        /// Two changes of one machine that reach the queue in the wrong order.
        @Test
        void theLaterOfTwoChangesHoldsHoweverTheQueueIsTold() {
            var machines = new RegisteredMachines(
                    fleet.queue(), fleet.history(), Descriptions.load(DescriptionStore.NONE), _ -> Boot.UP);
            machines.replace(List.of(A, B), true, machine -> fleet.link(machine.name()));
            var first =
                    machines.note("a", snapshot -> snapshot.withDrained(true)).orElseThrow();
            var second = machines.note(
                            "a", snapshot -> snapshot.withHealth(MachineHealth.GOOD.failed(Instant.EPOCH, "broke")))
                    .orElseThrow();
            machines.publish(second);
            machines.publish(first);

            assertThat(fleet.inQueue("a").snapshot())
                    .isEqualTo(machines.snapshot("a").orElseThrow());
            assertThat(fleet.inQueue("a").health().isAside()).isTrue();
            assertThat(fleet.inQueue("a").state()).isEqualTo(MachineState.DRAINED);
        }

        @Test
        void inTheEndTheQueueKnowsWhatTheRegistryKnows() throws Exception {
            for (int round = 0; round < 50; round++) {
                atOnce(this::changesOfMachines);
                assertThatBothKnowTheSame();
            }
        }

        /// The change may have reached the queue before it knew the machine.
        @Test
        void whatChangesBeforeTheQueueKnowsAMachineIsNotLost() {
            var arrived = new CountDownLatch(1);
            var held = new CountDownLatch(1);
            var queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, () -> {
                arrived.countDown();
                Await.until("it may go on", () -> held.getCount() == 0);
                return Instant.EPOCH;
            });
            var holder = Await.start(queue::snapshot);
            Await.until("it holds the queue", () -> arrived.getCount() == 0);
            var machines = new RegisteredMachines(
                    queue, fleet.history(), Descriptions.load(DescriptionStore.NONE), _ -> Boot.UP);
            var settings = Await.start(() -> machines.replace(List.of(A), true, machine -> fleet.link(machine.name())));
            Await.until("the registry has it", () -> machines.has("a"));
            assertThat(machines.note("a", snapshot -> snapshot.withDrained(true)))
                    .isPresent();
            held.countDown();
            Await.result(holder);
            Await.result(settings);

            assertThat(queue.snapshot().machines())
                    .singleElement()
                    .extracting(MachineView::state)
                    .isEqualTo(MachineState.DRAINED);
        }

        @Test
        void inTheEndTheyKnowTheSameAlsoWhileTheSettingsChange() throws Exception {
            for (int round = 0; round < 100; round++) {
                var settings = Await.start(() -> {
                    for (int i = 0; i < 20; i++)
                        if (i % 2 == 0) fleet.replace(A);
                        else fleet.replace(machine("a", 1 + i, 1), B);
                    return true;
                });
                atOnce(this::changesOfMachines);
                assertThat(Await.result(settings)).isTrue();
                assertThatBothKnowTheSame();
            }
        }

        private void changesOfMachines(RandomGenerator random) {
            for (int i = 0; i < 100; i++) {
                var name = random.nextBoolean() ? "a" : "b";
                switch (random.nextInt(3)) {
                    case 0 -> registry.drain(name, random.nextBoolean());
                    case 1 -> fleet.sampled(name, PressureWatchTest.free(random.nextBoolean() ? 1 : 50 * GIB));
                    default -> {
                        var link = link(name);
                        if (link.isEmpty()) continue;
                        if (random.nextBoolean()) registry.recovery().broke(link.get(), new IOException("it broke"));
                        else registry.recovery().worked(link.get());
                    }
                }
            }
        }

        private Optional<MachineLink> link(String machine) {
            return registry.links().stream()
                    .filter(link -> link.machine().name().equals(machine))
                    .findFirst();
        }

        private interface Work {
            void run(RandomGenerator random);
        }

        private static void atOnce(Work work) throws Exception {
            var go = new CountDownLatch(1);
            var threads = new ArrayList<CompletableFuture<Boolean>>();
            for (int i = 0; i < THREADS; i++) {
                var random = new Random(System.nanoTime() + i);
                threads.add(Await.start(() -> {
                    go.await();
                    work.run(random);
                    return true;
                }));
            }
            go.countDown();
            for (var thread : threads) assertThat(Await.result(thread)).isTrue();
        }

        private void assertThatBothKnowTheSame() {
            for (var machine : registry.machines()) {
                var known = registry.snapshot(machine.name()).orElseThrow();
                assertThat(fleet.inQueue(machine.name()).snapshot()).isEqualTo(known);
            }
            assertThat(fleet.queue().snapshot().machines())
                    .extracting(view -> view.machine().name())
                    .containsExactlyInAnyOrderElementsOf(
                            registry.machines().stream().map(Machine::name).toList());
        }
    }
}
