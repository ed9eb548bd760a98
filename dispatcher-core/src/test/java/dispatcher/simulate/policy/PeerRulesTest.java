package dispatcher.simulate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.simulate.model.Client;
import dispatcher.simulate.model.Host;
import dispatcher.simulate.model.Job;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.model.Scenario;
import dispatcher.testkit.Machines;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The orders in which the others' rules fill a fleet, where all builds are there at once and none ends.
class PeerRulesTest {
    private static final String FLEETS = """
            A 4 1; B 4 2       , B A B B A B A A,             B A B B A B A A,             B B B B A A A A
            A 8 1; B 4 4; C 2 1.5, B C A B B C B A A A A A A A, B B C A B B C A A A A A A A, B B B B C C A A A A A A A A
            A 3 1; B 3 1; C 3 1, A B C A B C A B C,           A B C A B C A B C,           A A A B B B C C C
            """;

    @ParameterizedTest
    @CsvSource(textBlock = FLEETS)
    void eachFillsTheFleetInItsOwnOrder(String fleet, String nix, String hydra, String hydraRs) {
        assertThat(order(fleet, NixContestant::new)).isEqualTo(nix);
        assertThat(order(fleet, plan -> new HydraContestant(plan, new Random(1))))
                .isEqualTo(hydra);
        assertThat(order(fleet, HydraRsContestant::new)).isEqualTo(hydraRs);
    }

    private static String order(String fleet, Function<Plan, Contestant> rule) {
        var hosts =
                List.of(fleet.split("; *")).stream().map(PeerRulesTest::host).toList();
        int slots = hosts.stream().mapToInt(host -> host.machine().maxJobs()).sum();
        var jobs = IntStream.range(0, slots + 3)
                .mapToObj(i -> Job.of("%03d".formatted(i), "client", Duration.ofHours(1)))
                .toList();
        var plan = new Plan(new Scenario(
                "fill", List.of(Client.of("client")), hosts, new TreeMap<>(), jobs, List.of(), OptionalDouble.empty()));
        return fill(plan, rule.apply(plan));
    }

    private static String fill(Plan plan, Contestant contestant) {
        var now = Instant.EPOCH;
        for (int job = 0; job < plan.jobs(); job++) contestant.asked(job, now);
        var order = new StringBuilder();
        for (var starts = contestant.decide(now); !starts.isEmpty(); starts = contestant.decide(now)) {
            order.append(starts.stream()
                    .map(start -> plan.host(start.host()).name() + " ")
                    .collect(Collectors.joining()));
            starts.forEach(start -> contestant.connected(start, now));
        }
        return order.toString().strip();
    }

    private static Host host(String text) {
        var words = text.strip().split(" ");
        var machine = Machines.machine(words[0], Integer.parseInt(words[1]), Double.parseDouble(words[2]));
        return Host.of(machine, 1e8, Duration.ZERO);
    }
}
