package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class IncidentsTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();

    private final Incidents incidents = new Incidents(Incidents.LATELY);

    @Test
    void thoseOfTheLastHourCountForEachMachine() {
        incidents.add("a", 0);
        incidents.add("a", 30 * MINUTE);
        incidents.add("b", 40 * MINUTE);

        assertThat(incidents.lately("a", 60 * MINUTE)).isEqualTo(2);
        assertThat(incidents.lately("a", 61 * MINUTE)).isEqualTo(1);
        assertThat(incidents.lately("b", 61 * MINUTE)).isEqualTo(1);
        assertThat(incidents.lately("c", 61 * MINUTE)).isZero();
    }
}
