package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class MachineHealthTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void machineThatFailedIsSetAsideUntilItAnswers() {
        var health = MachineHealth.GOOD.failed(NOW, "it burns");

        assertThat(health.lastError()).isEqualTo("it burns");
        assertThat(health.isAside()).isTrue();
        assertThat(health.answered().isAside()).isFalse();
    }

    @Test
    void isOnTrialOnlyIfItFailsOnceMoreBeforeItHasDoneABuild() {
        var once = MachineHealth.GOOD.failed(NOW, "it burns").answered();
        var twice = once.failed(NOW.plusSeconds(60), "again");

        assertThat(MachineHealth.GOOD.isOnTrial()).isFalse();
        assertThat(once.isOnTrial()).isFalse();
        assertThat(twice.isOnTrial()).as("while it is set aside").isFalse();
        assertThat(twice.answered().isOnTrial()).isTrue();
    }

    @Test
    void buildsThatFailTogetherCountOnce() {
        var once = MachineHealth.GOOD.failed(NOW, "first");
        var twice = once.failed(NOW.plusSeconds(1), "second");

        assertThat(twice.failures()).isEqualTo(1);
        assertThat(twice.asideSince()).isEqualTo(once.asideSince());
        assertThat(twice.lastError()).isEqualTo("second");
    }
}
