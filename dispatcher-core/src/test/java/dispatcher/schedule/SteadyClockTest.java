package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteadyClockTest {
    private final ManualClock wall = new ManualClock();
    private final ManualClock goneBy = new ManualClock();
    private final SteadyClock clock = new SteadyClock(wall, goneBy.nanoTime());

    @Test
    void goesOnFromTheTimeOfDay() {
        var start = wall.instant();
        goneBy.advance(Duration.ofMinutes(3));
        assertThat(clock.instant()).isEqualTo(start.plus(Duration.ofMinutes(3)));
    }

    @ParameterizedTest
    @ValueSource(longs = {-400, -1, 1, 400})
    void waitsAreWhatTheyWereWhenTheHostsClockIsSet(long days) {
        var queue = new BuildQueue(List.of(machine("a", 1, 1)), SchedulerOptions.DEFAULT, clock);
        var running = submit(queue, "running");
        var waiting = submit(queue, "waiting");
        var before = waiting.standing().orElseThrow().untilExpected();

        wall.advance(Duration.ofDays(days));
        goneBy.advance(Duration.ofSeconds(2));
        assertThat(waiting.standing().orElseThrow().untilExpected()).isEqualTo(before.minusSeconds(2));
        assertThat(running.isWaiting()).isFalse();
    }

    private static BuildQueue.Ticket submit(BuildQueue queue, String name) {
        return queue.submit(new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>()), Set.of());
    }
}
