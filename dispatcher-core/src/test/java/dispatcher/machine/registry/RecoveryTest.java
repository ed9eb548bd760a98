package dispatcher.machine.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.history.History;
import dispatcher.machine.Boot;
import dispatcher.machine.MachineHealth;
import dispatcher.machine.link.MachineLink;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.HandshakeException;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.MachineState;
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
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// When machines are set aside, and what brings them back.
@Timeout(60)
class RecoveryTest {
    private static final StorePath LIBC = FakeStore.path("libc");

    private final ManualClock clock = new ManualClock();
    private final FakeMachine machine = FakeMachine.named("a", 1);
    private final MachineLink link = newLink();
    private final BuildQueue queue = new BuildQueue(List.of(), SchedulerOptions.DEFAULT, clock);
    private final RegisteredMachines machines = new RegisteredMachines(
            queue,
            new History(History.DEFAULT_DURATION, clock),
            Descriptions.load(DescriptionStore.NONE),
            _ -> Boot.UP);
    private final RecordingListener events = new RecordingListener();
    private final Semaphore pauses = new Semaphore(0);
    private final Semaphore paused = new Semaphore(0);
    private final Semaphore interrupted = new Semaphore(0);
    private final Recovery recovery =
            new Recovery(machines, () -> Duration.ofMinutes(1), this::pause, clock, clock.nanoTime(), events);

    @BeforeEach
    void isThere() {
        machines.replace(List.of(machine.machine()), true, _ -> link);
    }

    private MachineLink newLink() {
        return new MachineLink(
                machine.machine(),
                machine,
                StoreDir.NIX_STORE,
                new MachineLink.Limits(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                clock.nanoTime());
    }

    /// Each pause lasts until the test lets it pass, and takes its time on the clock.
    private void pause(Duration duration) throws InterruptedException {
        paused.release();
        try {
            pauses.acquire();
        } catch (InterruptedException e) {
            interrupted.release();
            throw e;
        }
        clock.advance(duration);
    }

    @AfterEach
    void close() {
        recovery.close();
        machines.close();
    }

    private boolean isUsed() {
        assertThat(health().isAside()).as("in the queue").isEqualTo(!machines.isUp("a"));
        return machines.isUp("a");
    }

    private MachineHealth health() {
        return queue.snapshot().machines().getFirst().health();
    }

    private MachineState state() {
        return machines.snapshot("a").orElseThrow().state();
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

    // ---- looking again

    @Test
    void itIsKnownWhenAMachineThatIsSetAsideIsLookedAtNext() {
        assertThat(recovery.nextLook("a")).isEmpty();
        recovery.failed(link, "the connection broke");
        Await.until("it is left alone", paused::tryAcquire);

        assertThat(recovery.nextLook("a").orElseThrow())
                .isBetween(clock.instant().plusMillis(750), clock.instant().plusMillis(1250));
        pauses.release();
        Await.until("it is back", this::isBack);
        assertThat(recovery.nextLook("a")).isEmpty();
    }

    @Test
    void aLieThatItTellsMeanwhilePutsThatOff() {
        recovery.failed(link, "the connection broke");
        Await.until("it is left alone", paused::tryAcquire);
        recovery.answeredFalsely(link, "wrong");

        assertThat(recovery.nextLook("a")).contains(clock.instant().plus(Duration.ofMinutes(5)));
    }

    @Test
    void machineThatDoesNotAnswerIsLookedAtUntilItDoes() {
        machine.die("no route to host");
        recovery.failed(link, "the connection broke");
        for (int i = 0; i < 5; i++) {
            Await.until("it is left alone", paused::tryAcquire);
            pauses.release();
        }
        Await.until("it is left alone again", paused::tryAcquire);
        assertThat(isUsed()).isFalse();
        assertThat(health().lastError()).contains("no route to host");
        assertThat(health().failures())
                .as("once, however often it is looked at")
                .isOne();
        assertThat(events.starting("aside")).hasSize(1);
        machine.restart();
        paused.release();
        timeUntilBack();

        assertThat(isUsed()).isTrue();
        assertThat(health().failures()).as("no build has been done").isOne();
    }

    @Test
    void oneThatBreaksAgainBeforeItHasDoneABuildIsOnTrialUntilItDoes() {
        recovery.failed(link, "the connection broke");
        timeUntilBack();
        assertThat(state()).isEqualTo(MachineState.READY);
        recovery.failed(link, "the connection broke");
        timeUntilBack();
        assertThat(state()).isEqualTo(MachineState.ON_TRIAL);
        assertThat(recovery.failuresLately("a")).isEqualTo(2);
        recovery.worked(link);

        assertThat(state()).isEqualTo(MachineState.READY);
        assertThat(health()).isEqualTo(MachineHealth.GOOD);
        assertThat(recovery.failuresLately("a")).as("of the last hour").isEqualTo(2);
    }

    @Test
    void oneThatBreaksAgainAndAgainIsLeftAloneLongerEachTime() {
        for (int i = 0; i < 6; i++) {
            recovery.failed(link, "the connection broke");
            assertThat(timeUntilBack()).isBetween(Duration.ofMillis(750L << i), Duration.ofMillis(1250L << i));
        }
        recovery.worked(link);
        recovery.failed(link, "the connection broke");
        assertThat(timeUntilBack()).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void linkThatLeadsThereNoMoreSaysNothingOfTheMachine() {
        machines.replace(List.of(machine.machine()), false, _ -> newLink());
        recovery.failed(link, "the connection broke");

        assertThat(isUsed()).isTrue();
        assertThat(events.all()).isEmpty();
        assertThat(recovery.failuresLately("a")).isZero();
    }

    @Test
    void nobodyLooksAtAMachineThatIsGone() {
        recovery.failed(link, "the connection broke");
        Await.until("it pauses", paused::tryAcquire);
        machines.replace(List.of(), true, _ -> newLink());
        recovery.forget(Set.of("a"));

        Await.until("nobody waits for the next look", interrupted::tryAcquire);
        assertThat(machine.opened()).isZero();
        assertThat(events.starting("back")).isEmpty();
    }

    @Test
    void afterTheEndAMachineThatBreaksIsNotLookedAt() {
        recovery.close();
        recovery.failed(link, "the connection broke");

        assertThat(isUsed()).isFalse();
        assertThat(events.all()).isEmpty();
    }

    // ---- who waits for machines

    @Test
    void whoeverWaitsForAMachineGoesOnWhenOneIsBack() {
        recovery.failed(link, "the connection broke");
        var waiting = Await.start(() -> recovery.awaitAny(Set.of("a")));
        assertThat(waiting).isNotDone();
        recovery.worked(link);

        assertThat(Await.result(waiting)).isTrue();
    }

    @Test
    void nobodyWaitsForMachinesThatThereAreNot() throws Exception {
        assertThat(recovery.awaitAny(Set.of("a"))).as("it is up").isTrue();
        assertThat(recovery.awaitAny(Set.of("b"))).isFalse();
        recovery.failed(link, "the connection broke");
        var waiting = Await.start(() -> recovery.awaitAny(Set.of("a", "b")));
        machines.replace(List.of(), true, _ -> newLink());
        recovery.forget(Set.of("a"));

        assertThat(Await.result(waiting)).isFalse();
    }

    @Test
    void buildIsRefusedOnceAllMachinesThatFitItHaveBeenAwayForLong() throws Exception {
        recovery.failed(link, "the connection broke");
        var ticket = queue.submit(new BuildRequest(LIBC, "x86_64-linux", new TreeSet<>()), Set.of());
        try (var _ = recovery.waiting(ticket, Set.of())) {
            assertThat(ticket.isWaiting()).isTrue();
            machine.die("no route to host");
            Await.until("it is refused", () -> {
                if (paused.tryAcquire()) pauses.release();
                return !ticket.isWaiting();
            });
        }
        assertThat(ticket.await())
                .isInstanceOfSatisfying(
                        BuildQueue.Outcome.NoMachine.class,
                        no -> assertThat(no.reasons()).containsOnlyKeys("a"));
        assertThat(clock.nanoTime().getAsLong())
                .isGreaterThanOrEqualTo(Duration.ofMinutes(1).toNanos());
    }

    @Test
    void buildIsRefusedTooIfThatTimeEndsDuringALook() throws Exception {
        machine.die("no route to host");
        recovery.failed(link, "the connection broke");
        var ticket = queue.submit(new BuildRequest(LIBC, "x86_64-linux", new TreeSet<>()), Set.of());
        try (var _ = recovery.waiting(ticket, Set.of())) {
            paused.acquire();
            clock.advance(Duration.ofMinutes(2));
            assertThat(ticket.isWaiting()).isTrue();
            pauses.release();
            Await.until("it is refused", () -> !ticket.isWaiting());
        }
    }

    @Test
    void buildThatWaitsIsRefusedWhenAllWaitingEnds() {
        recovery.failed(link, "the connection broke");
        var ticket = queue.submit(new BuildRequest(LIBC, "x86_64-linux", new TreeSet<>()), Set.of());
        try (var _ = recovery.waiting(ticket, Set.of())) {
            recovery.endWaiting();
            assertThat(ticket.isWaiting()).isFalse();
        }
        var later = queue.submit(new BuildRequest(LIBC, "x86_64-linux", new TreeSet<>()), Set.of());
        try (var _ = recovery.waiting(later, Set.of())) {
            assertThat(later.isWaiting()).isFalse();
        }
    }

    /// Whatever is said of a machine at once: who is set aside and what its health says are the same in the end.
    @Test
    void whatIsSaidAtOnceComesToOneThing() throws Exception {
        for (int round = 0; round < 200; round++) {
            var broke = Await.start(() -> {
                recovery.failed(link, "the connection broke");
                return true;
            });
            var worked = Await.start(() -> {
                recovery.worked(link);
                return true;
            });
            assertThat(Await.result(broke) && Await.result(worked)).isTrue();
            boolean used = isUsed();
            var begun = events.starting("aside").size();
            assertThat(events.starting("back")).hasSize(used ? begun : begun - 1);
            recovery.worked(link);
            assertThat(isUsed()).isTrue();
        }
    }
}
