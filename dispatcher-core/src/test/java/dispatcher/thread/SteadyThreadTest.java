package dispatcher.thread;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.Await;
import dispatcher.testkit.Gate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SteadyThreadTest {
    private final List<Duration> pauses = new ArrayList<>();
    private int rounds;

    @Test
    void goesOnAfterExceptionsAndErrorsUntilARoundSaysThatItIsTheLast() {
        SteadyThread.run(
                "test",
                () -> {
                    rounds++;
                    if (rounds == 1) throw new IllegalStateException("unforeseen");
                    if (rounds == 2) throw new StackOverflowError("unforeseen");
                    return rounds < 5;
                },
                pauses::add);

        assertThat(rounds).isEqualTo(5);
        assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2));
    }

    @Test
    void pausesGrowToAMinuteAndBeginAnewAfterARoundThatWentWell() {
        SteadyThread.run(
                "test",
                () -> {
                    rounds++;
                    if (rounds == 12) return true;
                    if (rounds == 14) return false;
                    throw new IllegalStateException("unforeseen");
                },
                pauses::add);

        assertThat(pauses.get(10)).isEqualTo(Duration.ofMinutes(1));
        assertThat(pauses.getLast()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void interruptEndsItWhereverItIs() {
        var gate = new Gate();
        var waiting = SteadyThread.unstarted("waits", () -> {
            gate.pass();
            return true;
        });
        var failed = new AtomicInteger();
        var failing = SteadyThread.unstarted("fails", () -> {
            failed.incrementAndGet();
            throw new IllegalStateException("unforeseen");
        });
        waiting.start();
        failing.start();
        gate.awaitArrivals(1);
        Await.until("it fails", () -> failed.get() > 0);
        waiting.interrupt();
        failing.interrupt();

        Await.end(waiting);
        Await.end(failing);
    }
}
