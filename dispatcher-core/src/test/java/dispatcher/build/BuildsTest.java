package dispatcher.build;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import org.junit.jupiter.api.Test;

class BuildsTest {
    private final FakeMachine a = FakeMachine.named("a", 1);
    private final FakeMachine b = FakeMachine.named("b", 1);

    @Test
    void outcomeHoldsTheOutputsAndNoSlot() throws Exception {
        try (var builds = new TestBuilds(a)) {
            var outcome = builds.build(drv("x"));

            assertThat(outcome).isInstanceOf(BuildOutcome.Built.class);
            assertThat(builds.slotsTaken()).isZero();
            assertThat(a.pinned()).anyMatch(pinned -> pinned.contains(drv("x").out()));
            outcome.release();
        }
    }

    @Test
    void nothingIsBuiltIfMachinesHaveTheOutputs() throws Exception {
        try (var builds = new TestBuilds(a)) {
            builds.isOnMachines(drv("x").out());

            assertThat(builds.build(drv("x"))).isInstanceOf(BuildOutcome.Found.class);
            assertThat(a.opened()).isZero();
        }
    }

    @Test
    void buildThatIsLostOnOneMachineGoesToAnother() throws Exception {
        a.dyingInBuilds("power failure");
        b.dyingInBuilds("power failure");
        var c = FakeMachine.named("c", 1);
        try (var builds = new TestBuilds(a, b, c)) {
            var outcome = builds.build(drv("x"));

            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            BuildOutcome.Built.class,
                            built -> assertThat(built.outputs()
                                            .machine()
                                            .link()
                                            .machine()
                                            .name())
                                    .isEqualTo("c"));
            outcome.release();
        }
    }

    @Test
    void failedBuildIsNotTriedElsewhere() throws Exception {
        var failure = BuildResult.of(BuildStatus.PERMANENT_FAILURE, "make: *** [all] Error 1");
        a.answering(failure);
        b.answering(failure);
        try (var builds = new TestBuilds(a, b)) {
            var outcome = builds.build(drv("x"));

            assertThat(outcome).isInstanceOf(BuildOutcome.NotBuilt.class);
            assertThat(outcome.result().status()).isEqualTo(BuildStatus.PERMANENT_FAILURE);
            assertThat(a.built().size() + b.built().size()).isEqualTo(1);
        }
    }

    @Test
    void systemThatNoMachineHasIsRefusedWithEachMachinesReason() throws Exception {
        try (var builds = new TestBuilds(a)) {
            var outcome = builds.build(drv("x").requiring("kvm"));

            assertThat(outcome).isInstanceOf(BuildOutcome.NotBuilt.class);
            assertThat(outcome.result().status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(outcome.result().message()).contains("features kvm", "a: ");
        }
    }

    @Test
    void inputsThatAreLostAreGotBackWithoutASlotAndTriedAgainAFewTimes() throws Exception {
        try (var builds = new TestBuilds(a)) {
            builds.recovers();
            var outcome = builds.build(drv("x", FakeStore.path("nowhere")));

            assertThat(outcome.result().status()).isEqualTo(BuildStatus.TRANSIENT_FAILURE);
            assertThat(builds.recoveries()).isEqualTo(2);
            assertThat(builds.isUp("a")).isTrue();
        }
    }

    @Test
    void buildWhoseClientHasLeftHoldsNothing() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a)) {
            var thread = Thread.ofVirtual().start(() -> {
                try {
                    builds.build(drv("x")).release();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            gate.awaitArrivals(1);
            thread.interrupt();
            thread.join();

            assertThat(builds.slotsTaken()).isZero();
            assertThat(builds.events().all()).contains("abandoned x");
        }
        gate.open();
        Await.until("no channel is open", () -> a.open() == 0);
    }

    @Test
    void noBuildBeginsOnceTheDispatcherStops() throws Exception {
        try (var builds = new TestBuilds(a)) {
            builds.builds().stop();
            a.refuse("nobody may ask");

            assertThat(builds.build(drv("x")).result().message()).contains("being stopped");
        }
    }
}
