package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Whether what a build that waits may expect rests on anything.
class QueuePositionTest {
    private static final Work SEEN = Work.of(Duration.ofSeconds(20));
    private static final Work LIKE_OTHERS = Work.assumed(Duration.ofSeconds(30));

    private final BuildQueue queue =
            new BuildQueue(List.of(machine("a", 1, 1)), SchedulerOptions.DEFAULT, new ManualClock());

    private BuildQueue.Ticket submit(String name, Work work) {
        return queue.submit(
                new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>()).withWork(work),
                Set.of());
    }

    @Test
    void timeRestsOnWhatRunsAndOnWhatIsAhead() {
        submit("running", SEEN);
        var second = submit("second", LIKE_OTHERS);
        var third = submit("third", Work.UNKNOWN);
        var fourth = submit("fourth", SEEN);

        assertThat(second.standing().orElseThrow().isMeasured()).isTrue();
        assertThat(second.standing().orElseThrow().untilExpected())
                .isBetween(Duration.ofSeconds(20), Duration.ofSeconds(21));
        assertThat(third.standing().orElseThrow().isMeasured())
                .as("its own time does not matter")
                .isTrue();
        assertThat(fourth.standing().orElseThrow().isMeasured())
                .as("behind one of which nothing is known")
                .isFalse();
    }

    @Test
    void behindARunningBuildOfWhichNothingIsKnownNoTimeIsTold() {
        submit("running", Work.UNKNOWN);
        var waiting = submit("waiting", SEEN);

        assertThat(waiting.standing().orElseThrow().isMeasured()).isFalse();
        var machine = queue.snapshot().machines().getFirst();
        assertThat(machine.running().getFirst().expectedEnd()).isEmpty();
    }

    @Test
    void reasonForAMachineHasATimeOnlyIfItRestsOnAnything() {
        var seen = queue.explain(request(SEEN), Set.of())
                .choices()
                .getFirst()
                .placement()
                .orElseThrow();
        var unknown = queue.explain(request(Work.UNKNOWN), Set.of())
                .choices()
                .getFirst()
                .placement()
                .orElseThrow();

        assertThat(seen.reason()).startsWith("should finish it first, in 20 s: 0 of 1 slots taken");
        assertThat(unknown.reason()).startsWith("should finish it first (no history): 0 of 1 slots taken");
    }

    private static BuildRequest request(Work work) {
        return new BuildRequest(FakeStore.path("x.drv"), "x86_64-linux", new TreeSet<>()).withWork(work);
    }
}
