package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.access.StallWatch.StalledException;
import dispatcher.testkit.Await;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.MemoryPipe;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class StallWatchTest {
    private static final Duration PAUSE = Duration.ofMinutes(10);

    private final ManualClock clock = new ManualClock();
    private final StallWatch watch = new StallWatch(PAUSE, clock.nanoTime());
    private final MemoryPipe pipe = new MemoryPipe();
    private final StallWatch.Input input = watch.watch(pipe.in());

    private CompletableFuture<Integer> reading(AtomicBoolean interrupted) {
        var reading = new CompletableFuture<Integer>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                reading.complete(input.read());
            } catch (IOException e) {
                interrupted.set(Thread.currentThread().isInterrupted());
                reading.completeExceptionally(e);
            }
        });
        Await.until("it waits for a byte", () -> thread.getState() == Thread.State.WAITING);
        return reading;
    }

    @Test
    void clientThatStopsInTheMiddleOfARequestIsEndedAndToldWhy() {
        var interrupted = new AtomicBoolean();
        input.expect(true);
        var reading = reading(interrupted);
        clock.advance(PAUSE.minusMillis(1));
        watch.look();
        assertThat(reading).isNotDone();
        clock.advance(Duration.ofMillis(1));
        watch.look();
        assertThatThrownBy(() -> Await.result(reading))
                .hasCauseInstanceOf(StalledException.class)
                .hasMessageContaining("nothing for 600 s")
                .hasMessageContaining("limits.uploadPause");
        assertThat(interrupted).as("the thread is still interrupted").isFalse();
    }

    @Test
    void eachByteBeginsTheTimeAnew() throws Exception {
        input.expect(true);
        for (int i = 0; i < 5; i++) {
            var reading = reading(new AtomicBoolean());
            clock.advance(PAUSE.minusMillis(1));
            watch.look();
            pipe.out().write(i);
            assertThat(Await.result(reading)).isEqualTo(i);
        }
    }

    @Test
    void clientMayBeSilentBetweenRequestsForAsLongAsItLikes() throws Exception {
        input.expect(true);
        input.expect(false);
        var reading = reading(new AtomicBoolean());
        clock.advance(PAUSE.multipliedBy(1000));
        watch.look();
        pipe.out().write(7);
        assertThat(Await.result(reading)).isEqualTo(7);
    }

    @Test
    void shorterPauseCountsForThoseThatAreHere() {
        input.expect(true);
        var reading = reading(new AtomicBoolean());
        watch.change(Duration.ofSeconds(5));
        clock.advance(Duration.ofSeconds(5));
        watch.look();
        assertThatThrownBy(() -> Await.result(reading)).hasMessageContaining("nothing for 5 s");
    }
}
