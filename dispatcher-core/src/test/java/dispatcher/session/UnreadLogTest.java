package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BuildStatus;
import dispatcher.nix.ByteString;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Gate;
import dispatcher.testkit.UnreadLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients that do not read the log of their build, which is longer than all buffers on its way.
@Timeout(60)
@ParameterizedClass
@EnumSource(ClientProtocol.class)
@Tag("slow")
class UnreadLogTest {
    private static final int LINES = 40_000;
    private static final String FILLER = "x".repeat(200);
    private static final String LAST_WORDS = "last words";

    private final ClientProtocol protocol;
    private final FakeMachine machine = FakeMachine.named("a", 1);
    private final UnreadLog unread = new UnreadLog();

    @TempDir
    private Path temp;

    UnreadLogTest(ClientProtocol protocol) {
        this.protocol = protocol;
    }

    private TestFleet.Plan plan() {
        return TestFleet.plan(temp.resolve("spool"));
    }

    private TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(protocol);
    }

    /// Builds wait at the gate, and then write a long log.
    private Gate holdLongLog() {
        var gate = new Gate();
        machine.building((drvPath, derivation, options, log) -> {
            gate.pass();
            writeLongLog(log);
            return machine.makeOutputs(drvPath, derivation, options, log);
        });
        return gate;
    }

    private static void writeLongLog(BuildLog log) {
        for (int i = 0; i < LINES; i++) {
            log.line(ByteString.of(i + FILLER));
            if (i % 100 == 0) log.flush();
        }
        log.line(ByteString.of(LAST_WORDS));
        log.flush();
    }

    @Test
    void whoWantsTheSameBuildIsNotHeldUp() throws Exception {
        var gate = holdLongLog();
        try (var fleet = plan().start(machine)) {
            var deaf = client(fleet);
            var other = client(fleet);
            var x = drv("x");
            var first = deaf.start(x, unread);
            gate.awaitArrivals(1);
            var second = other.start(x);
            Await.until("the other waits", () -> !other.notes().isEmpty());
            gate.open();

            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(other.fetch(x.out())).isNotNull();
            assertThat(other.log().lines().getLast()).isEqualTo(LAST_WORDS);
            assertThat(fleet.running()).isZero();
            assertThat(first).isNotDone();
            assertThat(machine.built()).hasSize(1);

            unread.readOn();
            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(deaf.fetch(x.out())).isNotNull();
        }
    }

    @Test
    void whoWaitsForAnotherClientsBuildAndReadsNothingHoldsUpNobody() throws Exception {
        var gate = holdLongLog();
        try (var fleet = plan().start(machine)) {
            var one = client(fleet);
            var deaf = client(fleet);
            var third = client(fleet);
            var x = drv("x");
            var first = one.start(x);
            gate.awaitArrivals(1);
            var second = deaf.start(x, unread);
            unread.awaitFirst();
            var last = third.start(x);
            Await.until("the third waits", () -> !third.notes().isEmpty());
            gate.open();

            assertThat(Await.result(first).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(Await.result(last).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(third.log().lines().getLast()).isEqualTo(LAST_WORDS);
            assertThat(second).isNotDone();
            unread.readOn();
            assertThat(Await.result(second).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(unread.lines().getLast()).isEqualTo(LAST_WORDS);
            assertThat(fleet.events().starting("shared x")).hasSize(2);
        }
    }

    @Test
    void slotComesBackWhenTheBuildIsDoneAndTheClientGetsTheEndOfTheLog() throws Exception {
        var gate = holdLongLog();
        try (var fleet = plan().start(machine)) {
            var deaf = client(fleet);
            var x = drv("x");
            var build = deaf.start(x, unread);
            gate.awaitArrivals(1);
            var next = client(fleet).start(drv("y"));
            gate.open();

            assertThat(Await.result(next).status())
                    .as("the next build on the only slot")
                    .isEqualTo(BuildStatus.BUILT);
            assertThat(build).isNotDone();
            unread.readOn();
            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.BUILT);
            assertThat(deaf.fetch(x.out())).isNotNull();
            assertThat(unread.lines().getFirst()).isEqualTo("0" + FILLER);
            assertThat(unread.lines()
                            .subList(unread.lines().size() - 2, unread.lines().size()))
                    .containsExactly(LINES - 1 + FILLER, LAST_WORDS);
            assertThat(unread.notes())
                    .singleElement()
                    .asString()
                    .matches("dispatcher: \\d+ lines of the log \\(.* MB\\) are left out here, .* read in time");
        }
    }

    @Test
    void timeLimitHoldsForABuildWhoseClientReadsNothing() throws Exception {
        var never = new Gate();
        machine.building((_, _, _, log) -> {
            writeLongLog(log);
            never.pass();
            throw new IOException("stopped");
        });
        var limits = new BuildOptions(BuildOptions.BuildMode.NORMAL, Duration.ZERO, Duration.ofMillis(300), 0, false);
        try (var fleet = plan().buildLimits(limits).start(machine)) {
            var build = client(fleet).start(drv("x"), unread);
            unread.awaitFirst();

            Await.until("the slot is free", () -> fleet.running() == 0);
            assertThat(build).isNotDone();
            unread.readOn();
            assertThat(Await.result(build).status()).isEqualTo(BuildStatus.TIMED_OUT);
            never.open();
        }
    }

    @Test
    void clientThatReadsNothingAndLeavesIsNoticed() throws Exception {
        var never = new Gate();
        machine.building((_, _, _, log) -> {
            writeLongLog(log);
            never.pass();
            throw new IOException("stopped");
        });
        try (var fleet = plan().start(machine)) {
            var deaf = client(fleet);
            var _ = deaf.start(drv("x"), unread);
            unread.awaitFirst();
            never.awaitArrivals(1);
            deaf.leave();

            assertThat(fleet.running()).isZero();
            assertThat(fleet.events().all()).contains("abandoned x");
            unread.readOn();
            never.open();
        }
    }
}
