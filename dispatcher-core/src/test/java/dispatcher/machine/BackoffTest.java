package dispatcher.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BackoffTest {
    /// Neither longer nor shorter.
    private static final RandomGenerator MIDDLE = new Random() {
        @Override
        public double nextDouble() {
            return 0.5;
        }
    };

    private static Duration after(int failures, Duration away) {
        return Backoff.after(failures, away, MIDDLE);
    }

    @Test
    void aMachineIsFoundSoonAfterItIsBackHoweverLongItWasAway() {
        assertThat(after(1, Duration.ZERO)).isEqualTo(Duration.ofSeconds(1));
        assertThat(after(1, Duration.ofSeconds(20))).isEqualTo(Duration.ofSeconds(1));
        assertThat(after(1, Duration.ofMinutes(5))).isEqualTo(Duration.ofSeconds(15));
        assertThat(after(1, Duration.ofDays(1))).isEqualTo(Duration.ofMinutes(4));
    }

    @Test
    void oneThatAnswersButDoesNoBuildIsLeftAloneLongerEachTime() {
        assertThat(Stream.of(1, 2, 3, 8, 9, 1000)
                        .map(failures -> after(failures, Duration.ZERO).toSeconds()))
                .isEqualTo(List.of(1L, 2L, 4L, 128L, 240L, 240L));
    }

    @Test
    void chanceMakesItAQuarterLongerOrShorter() {
        var random = new Random(1);
        assertThat(Stream.generate(() -> Backoff.after(1, Duration.ofMinutes(10), random))
                        .limit(1000))
                .allSatisfy(pause -> assertThat(pause).isBetween(Duration.ofMillis(22_500), Duration.ofMillis(37_500)))
                .anySatisfy(pause -> assertThat(pause).isLessThan(Duration.ofSeconds(24)))
                .anySatisfy(pause -> assertThat(pause).isGreaterThan(Duration.ofSeconds(36)));
    }

    @Test
    void noChanceMakesItLongerThanFiveMinutes() {
        var longest = new Random() {
            @Override
            public double nextDouble() {
                return Math.nextDown(1.0);
            }
        };
        assertThat(Backoff.after(1000, Duration.ofDays(9), longest))
                .isBetween(Duration.ofSeconds(299), Duration.ofMinutes(5));
    }

    @Test
    void lieIsHeldAgainstAMachineForLongerEachTimeAndForADayAtMost() {
        assertThat(Backoff.afterLies(1)).isEqualTo(Duration.ofMinutes(5));
        assertThat(Backoff.afterLies(2)).isEqualTo(Duration.ofMinutes(10));
        assertThat(Backoff.afterLies(5)).isEqualTo(Duration.ofMinutes(80));
        assertThat(Backoff.afterLies(10)).isEqualTo(Duration.ofDays(1));
        assertThat(Backoff.afterLies(Integer.MAX_VALUE)).isEqualTo(Duration.ofDays(1));
    }
}
