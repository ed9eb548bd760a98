package dispatcher.schedule.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private record Build(long number, long sinceNanos, double expectedSeconds, double remainingSeconds)
            implements Waiting {}

    private static final Build OLD = new Build(3, 10, 60, 60);
    private static final Build YOUNG = new Build(1, 20, 5, 900);
    private static final Build TWIN = new Build(2, 20, 5, 900);

    @Test
    void oldestIsTheOneThatWasWantedFirst() {
        assertThat(List.of(TWIN, YOUNG, OLD).stream().sorted(Turns.OLDEST_FIRST))
                .containsExactly(OLD, YOUNG, TWIN);
    }

    @Test
    void longestIsTheOneWithMostToComeThenTheOldest() {
        assertThat(List.of(OLD, TWIN, YOUNG).stream().sorted(Turns.LONGEST_FIRST))
                .containsExactly(YOUNG, TWIN, OLD);
    }

    @Test
    void shortestIsTheOneThatItselfTakesLeastThenTheOldest() {
        assertThat(List.of(OLD, TWIN, YOUNG).stream().sorted(Turns.SHORTEST_FIRST))
                .containsExactly(YOUNG, TWIN, OLD);
    }

    @Test
    void patienceIsLostAtItsEnd() {
        assertThat(Turns.hasLostPatience(100, 50, 149)).isFalse();
        assertThat(Turns.hasLostPatience(100, 50, 150)).isTrue();
    }

    @Test
    void buildIsUrgentFromFourFifthsOfTheTimeThatAllTake() {
        assertThat(Turns.isUrgent(79, 1, 100)).isFalse();
        assertThat(Turns.isUrgent(80, 1, 100)).isTrue();
        assertThat(Turns.isUrgent(80, 2, 100)).as("on faster machines").isFalse();
    }

    @Test
    void buildsThatAreDoneBeforeAllElseWeighTheSame() {
        assertThat(Turns.weight(10, 1, 100)).isEqualTo(Turns.weight(50, 1, 100)).isEqualTo(100);
        assertThat(Turns.weight(300, 2, 100)).isEqualTo(150);
    }

    @Test
    void whoCanGoToFewMachinesComesFirst() {
        assertThat(Turns.compare(1, 5, 10, 500)).isNegative();
        assertThat(Turns.compare(10, 500, 1, 5)).isPositive();
    }

    @Test
    void amongThoseWithAsManyMachinesTheHeavierComesFirst() {
        assertThat(Turns.compare(10, 500, 10, 5)).isNegative();
        assertThat(Turns.compare(10, 5, 10, 500)).isPositive();
        assertThat(Turns.compare(10, 5, 10, 5)).isZero();
    }

    @Test
    void idleClientComesBackWhereTheOthersAre() {
        assertThat(Turns.startOf(10, 70)).as("no credit").isEqualTo(70);
        assertThat(Turns.startOf(90, 70)).as("what it has had is not forgiven").isEqualTo(90);
        assertThat(Turns.startOf(90, Double.POSITIVE_INFINITY)).as("alone").isEqualTo(90);
    }
}
