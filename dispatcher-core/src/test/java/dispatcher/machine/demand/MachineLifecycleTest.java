package dispatcher.machine.demand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.Boot;
import dispatcher.machine.KeptHours;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.demand.LifecycleView.State;
import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class MachineLifecycleTest {
    private static final MachineAddress ADDRESS =
            new MachineAddress("builder", 22, "nix", Optional.empty(), Optional.empty());
    private static final Duration BOOT = Duration.ofMinutes(2);
    private static final Duration IDLE = Duration.ofMinutes(10);
    private static final OnDemand SETTINGS = new OnDemand(new OnDemand.Systemd("builder.service"), BOOT, IDLE);

    private final ManualClock clock = new ManualClock();
    private final FakeProvider provider = new FakeProvider();
    private final MachineLifecycle lifecycle = new MachineLifecycle(
            "builder",
            provider,
            new MachineLifecycle.Goal(SETTINGS, ADDRESS, provider),
            clock,
            clock::advance,
            new ProviderLog(clock),
            new BootTimes());

    private void awaitState(State state) {
        Await.until("it is " + state, () -> lifecycle.view().state() == state);
    }

    private CompletableFuture<MachineLifecycle.Use> begin() {
        return Await.start(lifecycle::begin);
    }

    private void awaitUses(int uses) {
        Await.until(uses + " use it", () -> lifecycle.view().uses() == uses);
    }

    @Test
    void isStartedOnceForAllWhoWait() {
        provider.holdStarts();
        var waiting = new ArrayList<CompletableFuture<MachineLifecycle.Use>>();
        for (int i = 0; i < 20; i++) waiting.add(begin());
        awaitUses(20);
        assertThat(lifecycle.view().state()).isEqualTo(State.STARTING);
        provider.letGo();
        for (var each : waiting) assertThat(Await.result(each).address()).isEqualTo(ADDRESS);
        assertThat(provider.calls).containsExactly("start");
    }

    @Test
    void isReadyWhenItAnswersAndNotBefore() {
        provider.holdStarts();
        var asked = new CopyOnWriteArrayList<State>();
        var slow = new MachineLifecycle(
                "builder",
                provider,
                new MachineLifecycle.Goal(SETTINGS, ADDRESS, provider),
                clock,
                pause -> {
                    asked.add(lifecycle.view().state());
                    if (asked.size() == 3) provider.answering = true;
                    clock.advance(pause);
                },
                new ProviderLog(clock),
                new BootTimes());
        provider.answering = false;
        var use = Await.start(slow::begin);
        provider.letGo();
        Await.result(use);
        assertThat(asked).hasSize(3);
        Await.until("it is written down", () -> slow.log().size() == 2);
        assertThat(slow.log())
                .extracting(LogLine::text)
                .containsExactly("starts by systemd unit builder.service", "is ready after 3 s");
    }

    @Test
    void aFailedStartFailsAllWhoWaitAndTheNextStartsAgain() {
        provider.holdStarts();
        provider.startFault = Optional.of("the start command ended with exit status 7");
        var first = begin();
        var second = begin();
        awaitUses(2);
        provider.letGo();
        for (var each : List.of(first, second))
            assertThatThrownBy(() -> Await.result(each))
                    .hasRootCauseInstanceOf(IOException.class)
                    .hasRootCauseMessage("the start command ended with exit status 7");
        assertThat(lifecycle.view().state()).isEqualTo(State.FAILED);
        assertThat(lifecycle.view().problem()).contains("the start command ended with exit status 7");
        assertThat(lifecycle.view().uses()).isZero();
        assertThat(lifecycle.isOff()).isTrue();

        provider.startFault = Optional.empty();
        Await.result(begin());
        assertThat(provider.calls).containsExactly("start", "start");
        assertThat(lifecycle.view().problem()).isEmpty();
    }

    @Test
    void whatDoesNotAnswerInTimeFailsAndIsStoppedWhenIdle() {
        provider.answering = false;
        assertThatThrownBy(() -> Await.result(begin()))
                .hasRootCauseMessage("builder was started and does not answer after 120 s: nobody answers at"
                        + " nix@builder; look at it, or raise its bootTimeout");
        assertThat(lifecycle.view().state()).isEqualTo(State.FAILED);
        lifecycle.stopIfDue();
        assertThat(provider.calls).containsExactly("start");
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(provider.calls).containsExactly("start", "stop");
    }

    @Test
    void whatAnswersTooLateIsNotStartedOnceMore() {
        provider.answering = false;
        assertThatThrownBy(() -> Await.result(begin())).isInstanceOf(AssertionError.class);
        provider.answering = true;
        Await.result(begin());
        assertThat(provider.calls).containsExactly("start");
    }

    @Test
    void isStoppedWhenIdleForLongAndNotBefore() {
        Await.result(begin()).close();
        clock.advance(IDLE.minusSeconds(1));
        lifecycle.stopIfDue();
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        clock.advance(Duration.ofSeconds(1));
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(provider.running).isFalse();
    }

    @Test
    void isNotStoppedWhileItIsUsed() {
        var use = Await.result(begin());
        clock.advance(IDLE.multipliedBy(3));
        lifecycle.stopIfDue();
        lifecycle.requestStop(false);
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        assertThat(lifecycle.view().stopping()).isTrue();
        use.close();
        awaitState(State.OFF);
        assertThat(provider.calls).containsExactly("start", "stop");
        assertThat(lifecycle.view().stopping()).isFalse();
    }

    @Test
    void aUseThatBeginsWhileItStopsWaitsAndStartsItAgain() {
        Await.result(begin()).close();
        provider.holdStops();
        lifecycle.requestStop(false);
        awaitState(State.STOPPING);
        var late = begin();
        awaitUses(1);
        assertThat(late).isNotDone();
        assertThat(lifecycle.isOff()).isTrue();
        provider.letGo();
        assertThat(Await.result(late).start()).isEqualTo(2);
        assertThat(provider.calls).containsExactly("start", "stop", "start");
    }

    @Test
    void aUseThatIsClosedTwiceCountsOnce() {
        var first = Await.result(begin());
        var second = Await.result(begin());
        first.close();
        first.close();
        assertThat(lifecycle.view().uses()).isEqualTo(1);
        second.close();
        assertThat(lifecycle.view().uses()).isZero();
    }

    @Test
    void oneThatRunsAlreadyIsTakenOverAndStoppedWhenIdle() {
        provider.running = true;
        lifecycle.lookForIt();
        awaitState(State.READY);
        assertThat(provider.calls).isEmpty();
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(provider.calls).containsExactly("stop");
    }

    @Test
    void oneThatDoesNotRunIsNotStartedByALook() {
        lifecycle.lookForIt();
        awaitState(State.OFF);
        lifecycle.lookForIt();
        assertThat(lifecycle.view().state()).isEqualTo(State.OFF);
        assertThat(provider.calls).isEmpty();
    }

    @Test
    void aStartThatIsWantedWhileItIsLookedForFollowsTheLook() {
        provider.holdLooks();
        lifecycle.lookForIt();
        lifecycle.requestStart();
        assertThat(lifecycle.view().state()).isEqualTo(State.STARTING);
        provider.letGo();
        awaitState(State.READY);
        assertThat(provider.calls).containsExactly("start");
    }

    @Test
    void aStartThatIsWantedWhileOneIsLookedForThatRunsDoesNotFollowItsStop() {
        provider.running = true;
        provider.holdLooks();
        lifecycle.lookForIt();
        lifecycle.requestStart();
        provider.letGo();
        awaitState(State.READY);
        lifecycle.requestStop(false);
        awaitState(State.OFF);
        assertThat(provider.calls).containsExactly("stop");
    }

    @Test
    void aStopThatFailsIsToldAndTriedAgainAfterThePause() {
        Await.result(begin()).close();
        provider.stopFault = Optional.of("no such domain");
        lifecycle.requestStop(false);
        Await.until("it failed", () -> lifecycle.view().problem().isPresent());
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        lifecycle.stopIfDue();
        assertThat(provider.calls).containsExactly("start", "stop");
        provider.stopFault = Optional.empty();
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(lifecycle.view().problem()).isEmpty();
    }

    @Test
    void aStopThatFailsAsItIsOffAlreadyCountsAsDone() {
        Await.result(begin()).close();
        provider.running = false;
        provider.stopFault = Optional.of("no such domain");
        lifecycle.requestStop(false);
        awaitState(State.OFF);
        assertThat(lifecycle.view().problem()).contains("no such domain");
    }

    @Test
    void oneThatIsRetiredStopsWithItsLastUseAndIsOver() {
        var use = Await.result(begin());
        lifecycle.retire();
        assertThat(lifecycle.isOver()).isFalse();
        use.close();
        Await.until("it is over", lifecycle::isOver);
        assertThat(provider.calls).containsExactly("start", "stop");
    }

    @Test
    void restartsWhenTheLastUseHasEnded() {
        var use = Await.result(begin());
        lifecycle.requestStop(true);
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        use.close();
        Await.until("it was started again", () -> provider.calls.equals(List.of("start", "stop", "start")));
        awaitState(State.READY);
    }

    @Test
    void oneThatWentOffByItselfCountsAsOff() throws Exception {
        var use = Await.result(begin());
        assertThat(lifecycle.isGone(use)).isFalse();
        provider.running = false;
        assertThat(lifecycle.isGone(use)).isTrue();
        assertThat(lifecycle.view().state()).isEqualTo(State.OFF);
    }

    @Test
    void whoStopsWaitingDoesNotEndTheStartOfOthers() {
        provider.holdStarts();
        var impatient = Thread.ofVirtual().unstarted(() -> {
            try {
                var _ = lifecycle.begin();
            } catch (IOException | InterruptedException e) {
                // That is all it does.
            }
        });
        impatient.start();
        awaitUses(1);
        var patient = begin();
        awaitUses(2);
        impatient.interrupt();
        Await.end(impatient);
        assertThat(lifecycle.view().uses()).isEqualTo(1);
        provider.letGo();
        Await.result(patient);
        assertThat(provider.calls).containsExactly("start");
    }

    @Test
    void theEndOfTheDispatcherLeavesItRunning() {
        var use = Await.result(begin());
        lifecycle.close();
        use.close();
        clock.advance(IDLE);
        lifecycle.stopIfDue();
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        assertThat(provider.calls).containsExactly("start");
    }

    @Test
    void theEndOfTheDispatcherEndsTheWaitForAStart() {
        provider.holdStarts();
        var waiting = begin();
        awaitUses(1);
        lifecycle.close();
        assertThatThrownBy(() -> Await.result(waiting)).hasRootCauseInstanceOf(IOException.class);
    }

    @Test
    void itsStartIsExpectedToTakeWhatTheMedianOfTheLatestTook() {
        assertThat(lifecycle.boot()).isEqualTo(Boot.off(Boot.ASSUMED));
        for (int seconds : new int[] {7, 100, 5, 9, 6, 8}) {
            provider.startTakes = () -> clock.advance(Duration.ofSeconds(seconds));
            Await.result(begin()).close();
            assertThat(lifecycle.boot()).isEqualTo(Boot.UP);
            lifecycle.requestStop(false);
            lifecycle.stopIfDue();
            awaitState(State.OFF);
        }
        assertThat(lifecycle.boot()).isEqualTo(Boot.off(Duration.ofSeconds(8)));
    }

    @Test
    void noStartIsExpectedToTakeLongerThanItMay() {
        lifecycle.change(new MachineLifecycle.Goal(
                new OnDemand(SETTINGS.provider(), Duration.ofSeconds(10), IDLE), ADDRESS, provider));
        Await.result(begin()).close();
        lifecycle.requestStop(false);
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(lifecycle.boot().takes()).isLessThanOrEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void whatWasFoundRunningSaysNothingOfStarts() {
        provider.running = true;
        lifecycle.lookForIt();
        awaitState(State.READY);
        lifecycle.requestStop(false);
        lifecycle.stopIfDue();
        awaitState(State.OFF);
        assertThat(lifecycle.boot()).isEqualTo(Boot.off(Boot.ASSUMED));
    }

    @Test
    void eachChangeOfWhetherItIsUpIsAnnounced() {
        var seen = new CopyOnWriteArrayList<Boot>();
        lifecycle.listen(new MachineLifecycle.Listener() {
            @Override
            public void leave() {}

            @Override
            public void stops() {}

            @Override
            public void bootChanged() {
                seen.add(lifecycle.boot());
                throw new IllegalStateException("a bug of whoever listens");
            }
        });
        var begun = clock.instant();
        provider.holdStarts();
        var use = begin();
        Await.until("the start is announced", () -> seen.contains(Boot.starting(Boot.ASSUMED, begun)));
        provider.letGo();
        Await.result(use);
        Await.until("it is up", () -> seen.getLast().isUp());
        provider.running = false;
        assertThat(Await.result(Await.start(() -> lifecycle.isGone(Await.result(use)))))
                .isTrue();
        assertThat(seen.getLast().isUp()).isFalse();
    }

    @Test
    void whatEndedByItselfIsNotWaitedForAndSaysItsLastWords() throws Exception {
        provider.answering = false;
        provider.ended = Optional.of("its container has ended with exit status 3");
        provider.printed = List.of("one", "sshd: no hostkeys available -- exiting.");
        assertThatThrownBy(() -> Await.result(begin()))
                .hasRootCauseMessage("builder was started, and its container has ended with exit status 3; it printed"
                        + " last: one; sshd: no hostkeys available -- exiting.");
        assertThat(lifecycle.tail(1)).containsExactly("sshd: no hostkeys available -- exiting.");
    }

    @Test
    void lastWordsOfAnEarlierStartAreNotThoseOfThisOne() {
        provider.printed = List.of("old");
        provider.startFault = Optional.of("no such program");
        assertThatThrownBy(() -> Await.result(begin())).hasRootCauseMessage("no such program");
    }

    private void keep(Duration from, Duration until) {
        var now = clock.instant().atZone(ZoneId.systemDefault()).toLocalTime();
        var hours = new KeptHours(now.plus(from), now.plus(until));
        lifecycle.change(new MachineLifecycle.Goal(
                new OnDemand(SETTINGS.provider(), BOOT, IDLE, Optional.of(hours), Optional.empty()),
                ADDRESS,
                provider));
    }

    @Test
    void isKeptWhenIdleUntilItsHoursAreOver() {
        keep(Duration.ofHours(-1), Duration.ofHours(3));
        Await.result(begin()).close();
        clock.advance(IDLE.multipliedBy(2));
        lifecycle.stopIfDue();
        assertThat(lifecycle.view().state()).isEqualTo(State.READY);
        clock.advance(Duration.ofHours(3));
        lifecycle.stopIfDue();
        awaitState(State.OFF);
    }

    @Test
    void inItsHoursItIsStoppedWhenSomebodyAsksForThat() {
        keep(Duration.ofHours(-1), Duration.ofHours(3));
        Await.result(begin()).close();
        lifecycle.requestStop(false);
        awaitState(State.OFF);
    }

    @Test
    void theHoursStartNothing() {
        keep(Duration.ofHours(-1), Duration.ofHours(3));
        lifecycle.stopIfDue();
        assertThat(lifecycle.view().state()).isEqualTo(State.OFF);
        assertThat(provider.calls).isEmpty();
    }

    @Test
    void theLogIsBounded() {
        var events = new ProviderLog(clock);
        for (int i = 0; i < 10_000; i++) events.add("line\u001b " + i);
        assertThat(events.lines()).hasSize(ProviderLog.LONGEST);
        assertThat(events.lines().getLast().text()).isEqualTo("line\\x1b 9999");
    }
}
