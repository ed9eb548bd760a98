package dispatcher.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.model.Scenario;
import dispatcher.simulate.policy.Policy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private static final TreeMap<String, Long> NO_PATHS = new TreeMap<>();

    private static Run run(Policy policy, Scenario scenario) {
        var plan = new Plan(scenario);
        return new Simulation(plan, policy.word(), situation -> policy.contestant(plan, situation, 1)).run();
    }

    private static Duration at(Instant instant) {
        return Duration.between(Instant.EPOCH, instant);
    }

    /// What a real Nix 2.8 does with four builds of a second on one machine with one slot: it begins them at about 0,
    /// 5, 10 and 15 s, in the order of their names, whatever order they were asked for in.
    @Test
    void nixAsksOnlyEveryFiveSecondsAndInTheOrderOfNames() {
        var jobs = List.of("zz", "aa", "mm", "bb").stream()
                .map(name -> Scenarios.job(name, 1))
                .toList();
        var run = run(Policy.NIX, Scenarios.of(List.of(Scenarios.host("m", 1)), NO_PATHS, jobs));
        assertThat(run.spans().stream().map(span -> jobs.get(span.job()).name()))
                .containsExactly("aa", "bb", "mm", "zz");
        assertThat(run.spans().stream().map(span -> at(span.began()).toSeconds()))
                .containsExactly(0L, 5L, 10L, 15L);
    }

    @Test
    void nixConnectsForOneBuildAfterAnother() {
        var jobs =
                IntStream.range(0, 4).mapToObj(i -> Scenarios.job("j" + i, 60)).toList();
        var run = run(Policy.NIX, Scenarios.of(List.of(Scenarios.host("m", 8)), NO_PATHS, jobs));
        assertThat(run.spans().stream().map(span -> at(span.connected()).toMillis()))
                .containsExactly(277L, 554L, 831L, 1108L);
    }

    @Test
    void aPathIsSentOnceToAMachineAndTwoThatAreSentAtOnceShareTheLink() {
        var paths = new TreeMap<>(Map.of("shared", 4_000_000L, "a", 1_000_000L, "b", 1_000_000L));
        var jobs = List.of(
                Scenarios.job("a", 10).reading(List.of("shared", "a")),
                Scenarios.job("b", 10).reading(List.of("shared", "b")));
        var run = run(Policy.HYDRA_RS, Scenarios.of(List.of(Scenarios.host("m", 2)), paths, jobs));
        assertThat(run.sentBytes()).isEqualTo(6_000_000);
        // For 2 s both share 1 MB/s, then the first has it alone; the second has waited for what they share.
        assertThat(run.spans()).allMatch(span -> at(span.building()).equals(Duration.ofSeconds(6)));
    }

    @Test
    void nixUploadsForOneBuildAfterAnother() {
        var paths = new TreeMap<>(Map.of("a", 2_000_000L, "b", 2_000_000L));
        var jobs = List.of(
                Scenarios.job("a", 10).reading(List.of("a")),
                Scenarios.job("b", 10).reading(List.of("b")));
        var run = run(Policy.NIX, Scenarios.of(List.of(Scenarios.host("m", 2)), paths, jobs));
        assertThat(run.spans().stream().map(span -> at(span.building()).toMillis()))
                .containsExactly(2277L, 4277L);
    }

    @Test
    void whatIsLostWithNixIsAskedForAgainWhenNothingElseGoesOn() {
        var jobs = List.of(Scenarios.job("a", 10), Scenarios.job("b", 30));
        var hosts = List.of(Scenarios.host("m1", 1), Scenarios.host("m2", 1));
        var outages = List.of(new Outage("m1", Duration.ofSeconds(5), Duration.ofSeconds(1)));
        var run = run(Policy.NIX, Scenarios.with(hosts, NO_PATHS, jobs, outages));
        assertThat(run.failures()).isOne();
        assertThat(run.spans().stream().map(Span::end)).containsExactly(Span.End.LOST, Span.End.DONE, Span.End.DONE);
        assertThat(at(run.spans().getLast().began())).isGreaterThanOrEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void hydraTriesALostStepAgainAfterAMinute() {
        var hosts = List.of(Scenarios.host("m1", 1), Scenarios.host("m2", 1));
        var outages = List.of(new Outage("m1", Duration.ofSeconds(5), Duration.ofSeconds(1)));
        var run = run(Policy.HYDRA, Scenarios.with(hosts, NO_PATHS, List.of(Scenarios.job("a", 10)), outages));
        assertThat(run.failures()).isZero();
        assertThat(at(run.spans().getLast().began())).isBetween(Duration.ofSeconds(65), Duration.ofSeconds(75));
    }

    @Test
    void aBuildIsAskedForWhenItsInputsHaveComeBack() {
        var jobs = List.of(
                Scenarios.job("second", 10).needing(List.of("first")),
                Scenarios.job("first", 10).leaving(3_000_000));
        var run = run(Policy.HYDRA_RS, Scenarios.of(List.of(Scenarios.host("m", 2)), NO_PATHS, jobs));
        assertThat(at(run.asked().getFirst())).isEqualTo(Duration.ofSeconds(13));
        assertThat(run.sentBytes()).as("the output is on the machine already").isZero();
    }

    @Test
    void aBuildThatNoMachineCanDoIsRefusedWithAllThatNeedIt() {
        var jobs = List.of(
                Scenarios.job("no", 10).requiring(List.of("kvm")),
                Scenarios.job("nor", 10).needing(List.of("no")),
                Scenarios.job("yes", 10));
        var figures = Figures.of(run(Policy.NIX, Scenarios.of(List.of(Scenarios.host("m", 2)), NO_PATHS, jobs)));
        assertThat(figures.refused()).isEqualTo(2);
        assertThat(figures.builds()).isOne();
    }

    @Test
    void figuresAreThoseOfTheRun() {
        List<Job> jobs =
                IntStream.range(0, 4).mapToObj(i -> Scenarios.job("j" + i, 10)).toList();
        var figures = Figures.of(run(Policy.HYDRA_RS, Scenarios.of(List.of(Scenarios.host("m", 2)), NO_PATHS, jobs)));
        assertThat(figures.makespan()).isEqualTo(Duration.ofSeconds(20));
        assertThat(figures.meanWait()).isEqualTo(Duration.ofSeconds(5));
        assertThat(figures.p95Wait()).isEqualTo(Duration.ofSeconds(10));
        assertThat(figures.utilisation()).isEqualTo(1);
        assertThat(figures.fairness()).isEqualTo(1);
    }
}
