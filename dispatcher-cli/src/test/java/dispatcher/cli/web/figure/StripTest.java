package dispatcher.cli.web.figure;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.cli.api.record.TimelineAnswer;
import dispatcher.cli.web.figure.Strip.Kind;
import dispatcher.cli.web.figure.Strip.Scale;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Builds as bars. A unit of the scale is a second here.
class StripTest {
    private static final Instant FROM = Instant.parse("2026-11-30T12:00:00Z");
    private static final Scale SCALE = new Scale(FROM, FROM.plusSeconds(Strip.WIDTH));

    private static TimelineAnswer.Bar build(long id, int from, int to, String outcome) {
        return new TimelineAnswer.Bar(
                id, "hello", "ci", FROM.plusSeconds(from), Optional.of(FROM.plusSeconds(to)), outcome);
    }

    @Test
    void buildsThatRanAtOnceAreInDifferentLanes() {
        var strip = Strip.of(
                List.of(build(1, 0, 100, "built"), build(2, 50, 150, "failed"), build(3, 100, 200, "built")), SCALE);

        assertThat(strip.lanes()).hasSize(2);
        assertThat(strip.lanes().get(0)).extracting(Strip.Bar::left).containsExactly(0, 100);
        assertThat(strip.lanes().get(1))
                .singleElement()
                .matches(bar -> bar.left() == 50 && bar.right() == 150 && bar.kind() == Kind.FAILED);
        assertThat(strip.isMerged()).isFalse();
    }

    @Test
    void aBuildThatGoesOnReachesTheRightEndAndAnEarlierOneBeginsAtTheLeft() {
        var running = new TimelineAnswer.Bar(1, "hello", "ci", FROM.minusSeconds(9), Optional.empty(), "running");

        assertThat(Strip.of(List.of(running), SCALE).lanes().getFirst())
                .singleElement()
                .matches(bar -> bar.left() == 0 && bar.right() == Strip.WIDTH && bar.kind() == Kind.RUNNING);
    }

    @Test
    void theShortestBuildCanBeSeenAlsoAtTheEnd() {
        var strip = Strip.of(List.of(build(1, 500, 500, "built"), build(2, 1_000, 1_000, "built")), SCALE);

        assertThat(strip.lanes().getFirst()).extracting(Strip.Bar::left).containsExactly(500, 998);
        assertThat(strip.lanes().getFirst()).extracting(Strip.Bar::right).containsExactly(502, 1_000);
    }

    @Test
    void buildsThatAreTooCloseAreOneBarThatSaysHowManyAndShowsTheWorst() {
        var strip = Strip.of(
                List.of(
                        new TimelineAnswer.Bar(
                                1, "a", "ci", FROM, Optional.of(FROM.plus(Duration.ofMillis(10))), "built"),
                        new TimelineAnswer.Bar(
                                2,
                                "b",
                                "ci",
                                FROM.plus(Duration.ofMillis(20)),
                                Optional.of(FROM.plus(Duration.ofMillis(30))),
                                "failed")),
                SCALE);

        assertThat(strip.lanes().getFirst())
                .singleElement()
                .matches(bar -> bar.builds() == 2 && bar.bad() == 1 && bar.kind() == Kind.FAILED);
        assertThat(strip.isMerged()).isTrue();
    }

    @Test
    void anyNumberOfBuildsFitsIntoAFewBarsAndNoneGetsLost() {
        var builds = IntStream.range(0, 5_000)
                .mapToObj(i -> build(i, i % 997, i % 997 + 3 + i % 11, i % 50 == 0 ? "failed" : "built"))
                .toList();

        var strip = Strip.of(builds, SCALE).within(40);

        assertThat(strip.bars()).isLessThanOrEqualTo(40);
        assertThat(strip.lanes().stream()
                        .flatMap(List::stream)
                        .mapToInt(Strip.Bar::builds)
                        .sum())
                .isEqualTo(5_000);
        assertThat(strip.lanes().stream()
                        .flatMap(List::stream)
                        .mapToInt(Strip.Bar::bad)
                        .sum())
                .isEqualTo(100);
        assertThat(strip.lanes()).allSatisfy(lane -> {
            for (int i = 1; i < lane.size(); i++)
                assertThat(lane.get(i).left())
                        .isGreaterThanOrEqualTo(lane.get(i - 1).right());
        });
    }

    @Test
    void nothingIsAnEmptyStrip() {
        assertThat(Strip.of(List.of(), SCALE).bars()).isZero();
    }
}
