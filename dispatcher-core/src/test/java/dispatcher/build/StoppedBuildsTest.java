package dispatcher.build;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.build.control.Intervention;
import dispatcher.nix.BuildStatus;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Builds that operators cancel, or have begin elsewhere.
@Timeout(60)
class StoppedBuildsTest {
    private final FakeMachine a = FakeMachine.named("a", 1);
    private final FakeMachine b = FakeMachine.named("b", 1);

    private static CompletableFuture<BuildOutcome> start(TestBuilds builds, String name) {
        var outcome = new CompletableFuture<BuildOutcome>();
        Thread.ofVirtual().start(() -> {
            try {
                outcome.complete(builds.build(drv(name)));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        return outcome;
    }

    private static BuildOutcome end(CompletableFuture<BuildOutcome> outcome) throws Exception {
        return outcome.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aRunningBuildThatIsCancelledFailsWithWhoAndWhyAndHoldsNothing() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a, b)) {
            b.holdBuilds();
            var outcome = start(builds, "x");
            Await.until("it runs", () -> builds.slotsTaken() == 1 && a.open() + b.open() > 0);

            assertThat(builds.builds().controls().cancel(drv("x").path(), new Intervention("root", "wrong branch")))
                    .isEqualTo(1);

            var result = end(outcome).result();
            assertThat(result.status()).isEqualTo(BuildStatus.MISC_FAILURE);
            assertThat(result.message()).endsWith("drv was cancelled by root: wrong branch");
            assertThat(builds.slotsTaken()).isZero();
            assertThat(builds.isUp("a")).isTrue();
            assertThat(builds.isUp("b")).isTrue();
            assertThat(builds.events().all())
                    .contains("cancelled x root wrong branch")
                    .noneMatch(event -> event.matches("(abandoned|lost|refused|ended|aside) .*"));
            assertThat(builds.builds().controls().drvPaths()).isEmpty();
        }
        gate.open();
    }

    @Test
    void equalBuildsOfOtherClientsAreCancelledWithIt() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a)) {
            var first = start(builds, "x");
            gate.awaitArrivals(1);
            var second = start(builds, "x");
            Await.until(
                    "the second waits",
                    () -> builds.events().all().stream()
                                    .filter(event -> event.startsWith("queued x"))
                                    .count()
                            == 2);

            builds.builds().controls().cancel(drv("x").path(), new Intervention("root", ""));

            assertThat(end(first).result().message()).contains("cancelled by root");
            assertThat(end(second).result().message()).contains("cancelled by root");
            assertThat(builds.events().all())
                    .as("both are cancelled, and none has a result")
                    .filteredOn(event -> event.startsWith("cancelled x root"))
                    .hasSize(2);
            assertThat(builds.events().all()).noneMatch(event -> event.startsWith("shared"));
            assertThat(a.built().size()).isLessThanOrEqualTo(1);
        }
        gate.open();
    }

    @Test
    void aWaitingBuildThatIsCancelledLeavesTheQueue() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a)) {
            var running = start(builds, "x");
            gate.awaitArrivals(1);
            var waiting = start(builds, "y");
            Await.until("y waits", () -> builds.waiting() == 1);

            builds.builds().controls().cancel(drv("y").path(), new Intervention("ops", "not needed"));

            assertThat(end(waiting).result().message()).contains("y.drv was cancelled by ops: not needed");
            assertThat(builds.waiting()).isZero();
            gate.open();
            end(running).release();
        }
    }

    @Test
    void aBuildThatIsMovedBeginsOnAnotherMachineAndIsNoFailedAttempt() throws Exception {
        var gateA = a.holdBuilds();
        var gateB = b.holdBuilds();
        try (var builds = new TestBuilds(a, b)) {
            var outcome = start(builds, "x");
            Await.until("it runs", () -> gateA.arrived() + gateB.arrived() == 1);
            var first = gateA.arrived() == 1 ? "a" : "b";

            assertThat(builds.builds().controls().move(drv("x").path(), new Intervention("root", "it hangs")))
                    .containsExactly(first);

            Await.until("it runs elsewhere", () -> gateA.arrived() == 1 && gateB.arrived() == 1);
            gateA.open();
            gateB.open();
            var built = end(outcome);
            assertThat(built).isInstanceOf(BuildOutcome.Built.class);
            assertThat(builds.isUp(first)).isTrue();
            assertThat(builds.events().all())
                    .contains("moved x %s root it hangs".formatted(first))
                    .noneMatch(event -> event.matches("(abandoned|lost|refused|aside) .*"));
            built.release();
            assertThat(builds.slotsTaken()).isZero();
        }
    }

    @Test
    void aBuildThatWaitsIsOnNoMachineThatItCouldLeave() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a)) {
            var running = start(builds, "x");
            gate.awaitArrivals(1);
            var waiting = start(builds, "y");
            Await.until("y waits", () -> builds.waiting() == 1);

            assertThat(builds.builds().controls().move(drv("y").path(), new Intervention("root", "")))
                    .isEmpty();
            assertThat(builds.builds().controls().cancel(drv("z").path(), new Intervention("root", "")))
                    .isZero();

            gate.open();
            end(running).release();
            end(waiting).release();
        }
    }

    @Test
    void theOnlyMachineThatFitsGetsAMovedBuildAgain() throws Exception {
        var gate = a.holdBuilds();
        try (var builds = new TestBuilds(a)) {
            var outcome = start(builds, "x");
            gate.awaitArrivals(1);

            builds.builds().controls().move(drv("x").path(), new Intervention("root", ""));

            gate.awaitArrivals(2);
            gate.open();
            end(outcome).release();
        }
    }
}
