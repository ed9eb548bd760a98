package dispatcher.schedule.policy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlacingTest {
    private static final double SET_UP = 0.1;

    private static Placement placement(double untilStart, double copy, double build, boolean spared) {
        return new Placement("m", untilStart, 0, 0, copy, build, spared, 0, 1, 1, true, true);
    }

    @Test
    void copyingThatTakesNoTimeToSpeakOfDoesNotCount() {
        assertThat(Placing.copySeconds(0.049, 1000, SET_UP)).isEqualTo(SET_UP);
        assertThat(Placing.copySeconds(0.5, 0, SET_UP)).isEqualTo(0.6);
    }

    @Test
    void whatIsOnItsWaySharesTheLinkForAsLongAsBothLast() {
        assertThat(Placing.copySeconds(10, 3, SET_UP)).isEqualTo(13.1);
        assertThat(Placing.copySeconds(10, 500, SET_UP)).isEqualTo(20.1);
    }

    @Test
    void waitingMustBeWorthATwentiethOfTheBuild() {
        assertThat(Placing.worthWaitingFor(placement(0, 20, 80, false))).isEqualTo(95);
        assertThat(Placing.worthWaitingFor(placement(0, 20, 80, true)))
                .as("a machine that is spared for others scores twice")
                .isEqualTo(195);
    }

    @Test
    void buildOfWhichNothingIsKnownMayTakeThreeTimesAsLong() {
        assertThat(Placing.mayTake(30, true)).isEqualTo(30);
        assertThat(Placing.mayTake(30, false)).isEqualTo(90);
    }

    @Test
    void slowMachineIsTooSlowOnlyIfAllElseIsDoneBefore() {
        assertThat(Placing.endsAfterAllElse(100, 99, true, 100, 8)).isTrue();
        assertThat(Placing.endsAfterAllElse(100, 100, true, 100, 8)).isFalse();
    }

    @Test
    void buildOfWhichNothingIsKnownTakesWhatIsFreeUnlessManyOthersWait() {
        assertThat(Placing.endsAfterAllElse(100, 12, false, 100, 8)).isFalse();
        assertThat(Placing.endsAfterAllElse(100, 13, false, 100, 8)).isTrue();
    }

    @Test
    void busyMachineBeginsWhenItIsFreeAndOthersAreDone() {
        assertThat(Placing.endInstead(50, 20, SET_UP, 80, 8)).isEqualTo(60.1);
        assertThat(Placing.endInstead(20, 50, SET_UP, 80, 8)).isEqualTo(60.1);
    }

    @Test
    void copyIsLongOnlyIfItIsLongBesideTheBuildToo() {
        assertThat(Placing.copiesLong(placement(0, 11.2, 100, false), SET_UP)).isTrue();
        assertThat(Placing.copiesLong(placement(0, 10, 100, false), SET_UP))
                .as("a tenth of the build")
                .isFalse();
        assertThat(Placing.copiesLong(placement(0, 1.1, 1, false), SET_UP))
                .as("a second")
                .isFalse();
    }

    @Test
    void linkHasRoomForALongCopyUpToHalfASecond() {
        assertThat(Placing.hasRoomForLongCopies(0.5)).isTrue();
        assertThat(Placing.hasRoomForLongCopies(0.51)).isFalse();
    }

    @Test
    void secondAttemptNeedsAMachineThatIsClearlyFaster() {
        assertThat(Placing.clearlyFasterThan(2)).isEqualTo(2.6);
    }

    @Test
    void lateBuildTakesAQuarterMoreAndOneOfWhichNothingIsKnownAsMuchAgain() {
        long start = 0;
        long now = 100_000_000_000L;
        assertThat(Lateness.end(start, true, now)).isEqualTo(125_000_000_000L);
        assertThat(Lateness.end(start, false, now)).isEqualTo(200_000_000_000L);
        assertThat(Lateness.end(now - 1, true, now)).as("at least a second").isEqualTo(101_000_000_000L);
    }
}
