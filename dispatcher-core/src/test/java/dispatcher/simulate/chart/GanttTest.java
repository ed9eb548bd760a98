package dispatcher.simulate.chart;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.simulate.Run;
import dispatcher.simulate.Simulation;
import dispatcher.simulate.generate.Generator;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.policy.Policy;
import java.io.StringReader;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class GanttTest {
    private static List<Run> runs(Generator generator) {
        var plan = new Plan(generator.make(3));
        return Stream.of(Policy.NIX, Policy.OURS)
                .map(policy ->
                        new Simulation(plan, policy.word(), situation -> policy.contestant(plan, situation, 3)).run())
                .toList();
    }

    @Test
    @Tag("slow")
    void theSameSeedGivesTheSameBytes() {
        var drawn = Gantt.of(runs(Generator.TWO_TENANTS));
        assertThat(Gantt.of(runs(Generator.TWO_TENANTS))).isEqualTo(drawn);
    }

    @Test
    void everyAttemptIsInIt() throws Exception {
        var runs = runs(Generator.DYING_MACHINES);
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(Gantt.of(runs))));
        long shown = runs.stream()
                .flatMap(run -> run.spans().stream())
                .filter(span -> span.began().isBefore(span.ended()))
                .count();
        assertThat(document.getElementsByTagName("title").getLength()).isGreaterThanOrEqualTo((int) shown);
    }

    @Test
    void anAxisHasRoundMarks() {
        assertThat(Axis.ticks(815)).containsExactly(0, 120, 240, 360, 480, 600, 720);
        assertThat(Axis.ticks(0.5)).hasSizeBetween(2, 13);
        assertThat(Axis.ticks(3e7)).hasSizeLessThan(14);
        assertThat(Stream.of(0.0, 3.5, 61.0, 3723.4).map(Axis::show))
                .containsExactly("0 s", "3.5 s", "1:01", "1:02:03");
    }
}
