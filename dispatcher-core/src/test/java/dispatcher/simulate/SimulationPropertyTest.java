package dispatcher.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.simulate.figures.Figures;
import dispatcher.simulate.figures.LowerBound;
import dispatcher.simulate.model.Plan;
import dispatcher.simulate.policy.Policy;
import dispatcher.testkit.Seeds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What holds for every policy, whatever the scenario. The simulation itself refuses a start on a machine that is not
/// fit or has no slot; this looks at what came out.
@Timeout(120)
@Tag("slow")
class SimulationPropertyTest {
    @ParameterizedTest
    @EnumSource
    void everyBuildEndsOnceOnAFitMachineAndNoSlotIsTakenTwice(Policy policy) {
        Seeds.run(30, random -> {
            var plan = new Plan(Scenarios.any(random));
            var run = run(policy, plan);
            endsOnce(run);
            run.spans().forEach(span -> isSound(plan, span));
            for (int host = 0; host < plan.hosts(); host++) slotsHoldOneBuildEach(run, host);
            needsComeFirst(run);
        });
    }

    @ParameterizedTest
    @EnumSource
    void noPolicyIsBelowTheLowerBound(Policy policy) {
        Seeds.run(30, random -> {
            var plan = new Plan(Scenarios.any(random));
            var bound = LowerBound.of(plan);
            assertThat(Figures.of(run(policy, plan)).makespan())
                    .as("bound because of %s", bound.because())
                    .isGreaterThanOrEqualTo(bound.time());
        });
    }

    @ParameterizedTest
    @EnumSource
    void theSameSeedGivesTheSameRun(Policy policy) {
        Seeds.run(5, random -> {
            var scenario = Scenarios.any(random);
            assertThat(run(policy, new Plan(scenario)).spans())
                    .isEqualTo(run(policy, new Plan(scenario)).spans());
        });
    }

    private static Run run(Policy policy, Plan plan) {
        return new Simulation(plan, policy.word(), situation -> policy.contestant(plan, situation, 1)).run();
    }

    private static void endsOnce(Run run) {
        var done = new BitSet();
        for (var span : run.spans()) {
            if (span.end() != Span.End.DONE) continue;
            assertThat(done.get(span.job()))
                    .as("build %d ended before", span.job())
                    .isFalse();
            done.set(span.job());
        }
        assertThat(done.cardinality() + run.refused()).isEqualTo(run.plan().jobs());
    }

    private static void isSound(Plan plan, Span span) {
        assertThat(plan.fitting(span.job()).get(span.host()))
                .as("%s on a fit machine", span)
                .isTrue();
        assertThat(Stream.of(
                                span.began(),
                                span.connected(),
                                span.building(),
                                span.built(),
                                span.released(),
                                span.ended())
                        .toList())
                .isSorted();
        if (span.end() == Span.End.DONE)
            assertThat(span.building()
                            .plus(plan.host(span.host())
                                    .time(plan.job(span.job()).work())))
                    .isEqualTo(span.built());
    }

    private static void slotsHoldOneBuildEach(Run run, int host) {
        int slots = run.plan().host(host).machine().maxJobs();
        var free = new ArrayList<Instant>(List.of());
        for (int slot = 0; slot < slots; slot++) free.add(Instant.EPOCH);
        run.spans().stream()
                .filter(span -> span.host() == host)
                .sorted(Comparator.comparing(Span::began).thenComparing(Span::released))
                .forEach(span -> {
                    assertThat(span.slot()).isLessThan(slots);
                    assertThat(span.began()).isAfterOrEqualTo(free.get(span.slot()));
                    free.set(span.slot(), span.released());
                });
    }

    private static void needsComeFirst(Run run) {
        var ended = new Instant[run.plan().jobs()];
        for (var span : run.spans()) if (span.end() == Span.End.DONE) ended[span.job()] = span.ended();
        for (var span : run.spans())
            for (int need : run.plan().needs(span.job()))
                assertThat(ended[need]).isBeforeOrEqualTo(span.began());
    }
}
