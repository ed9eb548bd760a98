package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RequestRateTest {
    private final ManualClock clock = new ManualClock();
    private Duration waited = Duration.ZERO;

    private final RequestRate rate = new RequestRate(10, clock.nanoTime(), nanos -> {
        var pause = Duration.ofNanos(nanos);
        waited = waited.plus(pause);
        clock.advance(pause);
    });

    private void ask(String credential, int requests) throws InterruptedException {
        var gate = rate.of(credential);
        for (int i = 0; i < requests; i++) gate.await();
    }

    @Test
    void twoSecondsOfRequestsNeedNotWait() throws Exception {
        ask("a", 20);
        assertThat(waited).isZero();
    }

    @Test
    void whatIsMoreComesAtTheRate() throws Exception {
        ask("a", 20 + 50);
        assertThat(waited).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void connectionsOfOneClientShareAndOthersAreNotHarmed() throws Exception {
        ask("a", 20);
        ask("b", 20);
        assertThat(waited).isZero();
        ask("a", 10);
        assertThat(waited).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void pauseGivesNoMoreThanTheBurst() throws Exception {
        ask("a", 1);
        clock.advance(Duration.ofHours(1));
        ask("a", 30);
        assertThat(waited).isEqualTo(Duration.ofSeconds(1));
    }
}
