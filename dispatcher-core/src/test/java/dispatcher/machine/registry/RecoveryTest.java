package dispatcher.machine.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.machine.link.MachineLinks;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.HandshakeException;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.session.RecordingListener;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import dispatcher.wire.FalseAnswerException;
import dispatcher.wire.ProtocolException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// When machines are set aside, and what brings them back.
@Timeout(60)
class RecoveryTest {
    private static final StorePath LIBC = FakeStore.path("libc");

    private final ManualClock clock = new ManualClock();
    private final FakeMachine machine = FakeMachine.named("a", 1);
    private final MachineLink link = new MachineLink(
            machine.machine(),
            machine,
            StoreDir.NIX_STORE,
            new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
            clock.nanoTime());
    private final MachineLinks links = new MachineLinks(List.of(link));
    private final BuildQueue queue = new BuildQueue(List.of(machine.machine()), SchedulerOptions.DEFAULT, clock);
    private final RecordingListener events = new RecordingListener();
    private final Semaphore pauses = new Semaphore(0);
    private final Semaphore paused = new Semaphore(0);
    private final Recovery recovery =
            new Recovery(links, queue, () -> Duration.ofMinutes(1), this::pause, clock.nanoTime(), events);

    /// Each pause lasts until the test lets it pass, and takes its time on the clock.
    private void pause(Duration duration) throws InterruptedException {
        paused.release();
        pauses.acquire();
        clock.advance(duration);
    }

    @AfterEach
    void close() {
        recovery.close();
        links.close();
    }

    private boolean isUsed() {
        return queue.isAvailable("a");
    }

    private MachineHealth health() {
        return queue.snapshot().machines().getFirst().health();
    }

    private boolean isBack() {
        return !events.starting("back").isEmpty();
    }

    /// How long it is not used, in pauses that the test lets pass.
    private Duration timeUntilBack() {
        var begun = clock.instant();
        int before = events.starting("back").size();
        Await.until("it is back", () -> {
            if (paused.tryAcquire()) pauses.release();
            return events.starting("back").size() > before;
        });
        return Duration.between(begun, clock.instant());
    }

    @Test
    void machineThatBrokeIsBackWhenABuildWentWellOrALookDid() {
        recovery.failed(link, "the connection broke");
        assertThat(isUsed()).isFalse();
        recovery.worked(link);
        assertThat(isUsed()).isTrue();
        assertThat(isBack()).isTrue();

        recovery.failed(link, "the connection broke");
        assertThat(timeUntilBack()).isLessThan(Duration.ofSeconds(2));
        assertThat(isUsed()).isTrue();
    }

    @Test
    void noBuildThatGoesWellBringsBackAMachineThatLied() {
        recovery.answeredFalsely(link, "it says to have built x, and does not have it");
        recovery.worked(link);

        assertThat(isUsed()).isFalse();
        assertThat(isBack()).isFalse();
        assertThat(health().lastError()).isEqualTo("it says to have built x, and does not have it");
    }

    @Test
    void norDoesALookBeforeItsTimeIsOver() {
        recovery.answeredFalsely(link, "wrong");

        assertThat(timeUntilBack()).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
        assertThat(machine.opened()).as("looked at once, at the end").isOne();
        assertThat(isUsed()).isTrue();
    }

    @Test
    void itIsSetAsideForLongerEachTimeWhateverItDidWellInBetween() {
        for (int minutes : List.of(5, 10, 20, 40)) {
            recovery.answeredFalsely(link, "wrong");
            assertThat(timeUntilBack()).isGreaterThanOrEqualTo(Duration.ofMinutes(minutes));
            recovery.worked(link);
            assertThat(health()).isEqualTo(MachineHealth.GOOD);
        }
    }

    @Test
    void itIsNeverSetAsideForMoreThanADayAndLiesOfLongAgoDoNotCount() {
        for (int i = 0; i < 20; i++) {
            recovery.answeredFalsely(link, "wrong");
            assertThat(timeUntilBack()).isLessThan(Duration.ofHours(30));
        }
        clock.advance(Duration.ofDays(8));
        recovery.answeredFalsely(link, "wrong");
        assertThat(timeUntilBack()).isBetween(Duration.ofMinutes(5), Duration.ofMinutes(7));
    }

    @Test
    void lieThatIsToldWhileItIsSetAsideForSomethingElseCountsToo() {
        recovery.failed(link, "the connection broke");
        recovery.answeredFalsely(link, "wrong");
        recovery.worked(link);
        assertThat(isUsed()).isFalse();

        assertThat(timeUntilBack()).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void lieThatSeveralBuildsAreToldAtOnceCountsOnce() {
        for (int i = 0; i < 5; i++) recovery.answeredFalsely(link, "wrong");

        assertThat(timeUntilBack()).isLessThan(Duration.ofMinutes(7));
    }

    @Test
    void pathIsContradictedOnceForGarbageAndTwiceForALie() {
        recovery.contradicted(link, LIBC, "it took libc, and does not have it");
        recovery.contradicted(link, FakeStore.path("bash"), "it took bash, and does not have it");
        assertThat(isUsed()).isTrue();
        recovery.contradicted(link, LIBC, "it took libc, and does not have it");

        assertThat(isUsed()).isFalse();
        recovery.worked(link);
        assertThat(isUsed()).isFalse();
        assertThat(health().lastError()).isEqualTo("it took libc, and does not have it");
    }

    @Test
    void nothingIsHeldAgainstWhatHasItsNameNow() {
        recovery.answeredFalsely(link, "wrong");
        recovery.forget(Set.of("a"));
        assertThat(isUsed()).isTrue();
        recovery.answeredFalsely(link, "wrong");

        assertThat(timeUntilBack()).as("as for the first time").isLessThan(Duration.ofMinutes(7));
    }

    @Test
    void whatBreaksOffIsNoLie() {
        recovery.broke(link, new IOException("the connection broke"));
        recovery.worked(link);
        assertThat(isUsed()).isTrue();
        recovery.broke(link, new HandshakeException(HandshakeException.Kind.NOISE, "its shell says hello", "hush it"));
        recovery.worked(link);
        assertThat(isUsed()).as("looking at it tells").isTrue();
    }

    @Test
    void whatCannotBeTrueIsALie() {
        recovery.broke(link, new FalseAnswerException("the NAR of libc has another hash"));
        recovery.worked(link);
        assertThat(isUsed()).isFalse();
    }

    @Test
    void whatMakesNoSenseIsForgivenOnceInAnHour() {
        recovery.broke(link, new ProtocolException("a list of 2^63 elements"));
        recovery.worked(link);
        assertThat(isUsed()).as("its Nix may have crashed").isTrue();
        clock.advance(Duration.ofMinutes(61));
        recovery.broke(link, new ProtocolException("a list of 2^63 elements"));
        recovery.worked(link);
        assertThat(isUsed()).isTrue();

        recovery.broke(link, new ProtocolException("a list of 2^63 elements"));
        recovery.worked(link);
        assertThat(isUsed()).isFalse();
        assertThat(timeUntilBack()).isGreaterThanOrEqualTo(Duration.ofMinutes(5));
    }
}
