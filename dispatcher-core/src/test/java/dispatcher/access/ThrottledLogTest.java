package dispatcher.access;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.testkit.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ThrottledLogTest {
    private final ManualClock clock = new ManualClock();
    private final ThrottledLog log = new ThrottledLog(clock.nanoTime());

    @Test
    void eachIsToldOnceAndLaterWithItsNumber() {
        assertThat(log.news("full", "a")).hasValue(0);
        for (int i = 0; i < 7; i++) assertThat(log.news("full", "a")).isEmpty();
        assertThat(log.news("full", "b")).hasValue(0);
        assertThat(log.news("locked", "a")).hasValue(0);
        clock.advance(Duration.ofMinutes(10));
        assertThat(log.news("full", "a")).hasValue(7);
        assertThat(log.news("full", "a")).isEmpty();
    }

    @Test
    void floodFromManyIsNoNews() {
        int logged = 0;
        for (int i = 0; i < 5000; i++) if (log.news("full", "a" + i).isPresent()) logged++;
        assertThat(logged).isEqualTo(1000);
        clock.advance(Duration.ofMinutes(10));
        assertThat(log.news("full", "b")).hasValue(0);
    }
}
