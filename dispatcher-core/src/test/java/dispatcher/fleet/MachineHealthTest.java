package dispatcher.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MachineHealthTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static long asideSeconds(MachineHealth health, Instant since) {
        return Duration.between(since, health.asideUntil()).toSeconds();
    }

    @Test
    void goodMachineIsAvailable() {
        assertThat(MachineHealth.GOOD.isAvailable(NOW)).isTrue();
    }

    @Test
    void failedMachineIsSetAsideUntilItsTimeIsOver() {
        var health = MachineHealth.GOOD.failed(NOW, "it burns");

        assertThat(health.lastError()).isEqualTo("it burns");
        assertThat(health.isAvailable(NOW.plusMillis(4_999))).isFalse();
        assertThat(health.isAvailable(NOW.plusSeconds(5))).isTrue();
    }

    @Test
    void eachFailureInARowDoublesTheTimeUpToFiveMinutes() {
        var health = MachineHealth.GOOD;
        var now = NOW;
        var seconds = new ArrayList<Long>();
        for (int i = 0; i < 9; i++) {
            health = health.failed(now, "again");
            seconds.add(asideSeconds(health, now));
            now = health.asideUntil();
        }

        assertThat(seconds).isEqualTo(List.of(5L, 10L, 20L, 40L, 80L, 160L, 300L, 300L, 300L));
    }

    @Test
    void buildsThatFailTogetherCountOnce() {
        var once = MachineHealth.GOOD.failed(NOW, "first");
        var twice = once.failed(NOW.plusSeconds(1), "second");

        assertThat(twice.failures()).isEqualTo(1);
        assertThat(twice.asideUntil()).isEqualTo(once.asideUntil());
        assertThat(twice.lastError()).isEqualTo("second");
    }
}
