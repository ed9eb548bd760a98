package dispatcher.simulate.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dispatcher.simulate.Scenarios;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Outage;
import dispatcher.simulate.model.Plan;
import dispatcher.testkit.Machines;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LowerBoundTest {
    private static List<Job> jobs(int count, long seconds) {
        return IntStream.range(0, count)
                .mapToObj(i -> Scenarios.job("j" + i, seconds))
                .toList();
    }

    private static void bound(double seconds, String because, List<Host> hosts, List<Job> jobs, List<Outage> outages) {
        var bound = LowerBound.of(new Plan(Scenarios.with(hosts, Map.of("p", 50_000_000L), jobs, outages)));
        assertThat(bound.time().toNanos() / 1e9).isCloseTo(seconds, within(0.001));
        assertThat(bound.because()).isEqualTo(because);
    }

    private static Host fast(String name, double speed, String... features) {
        return Host.of(Machines.machine(name, 1, speed, List.of(features), List.of()), 1e6, Duration.ZERO);
    }

    @Test
    void aChainTakesItsTimeOnTheFastestMachineAndTheWayOfItsOutputs() {
        var chain = List.of(
                Scenarios.job("a", 10).leaving(3_000_000),
                Scenarios.job("b", 20).needing(List.of("a")));
        bound(5 + 3 + 10, "critical path", List.of(fast("slow", 1), fast("fast", 2)), chain, List.of());
    }

    @Test
    void manyBuildsTakeTheirWorkOverTheCapacity() {
        var jobs = IntStream.rangeClosed(1, 100)
                .mapToObj(i -> Scenarios.job("j" + i, i))
                .toList();
        bound(
                5050 / 5.0,
                "work over the capacity of all machines",
                List.of(fast("m1", 1), fast("m2", 4)),
                jobs,
                List.of());
    }

    @Test
    void onlyWholeBuildsCount() {
        bound(20, "whole builds on the slots of all machines", List.of(Scenarios.host("m", 4)), jobs(5, 10), List.of());
    }

    @Test
    void thoseThatOnlySomeMachinesCanDoAreReckonedWithThese() {
        var jobs =
                jobs(10, 10).stream().map(job -> job.requiring(List.of("kvm"))).toList();
        bound(100, "work over the capacity of kvm", List.of(fast("kvm", 1, "kvm"), fast("plain", 9)), jobs, List.of());
    }

    @Test
    void anOutageIsNoCapacity() {
        var outages = List.of(new Outage("m", Duration.ofSeconds(20), Duration.ofSeconds(35)));
        bound(135, "work over the capacity of all machines", List.of(Scenarios.host("m", 1)), jobs(10, 10), outages);
    }

    @Test
    void whatNoMachineHasMustBeSent() {
        var jobs = jobs(2, 1).stream().map(job -> job.reading(List.of("p"))).toList();
        bound(25, "copies of inputs", List.of(Scenarios.host("m1", 4), Scenarios.host("m2", 4)), jobs, List.of());
    }

    /// The sender of it has a slot meanwhile.
    @Test
    void whatBuildsShareIsSentOnceWhileOneOfThemHasASlot() {
        var jobs = jobs(10, 10).stream().map(job -> job.reading(List.of("p"))).toList();
        bound(150, "work over the capacity of all machines", List.of(Scenarios.host("m", 1)), jobs, List.of());
    }
}
