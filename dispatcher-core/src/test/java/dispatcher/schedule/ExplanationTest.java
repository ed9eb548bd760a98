package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.schedule.BuildQueue.Outcome;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import dispatcher.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ExplanationTest {
    private final ManualClock clock = new ManualClock();

    private BuildQueue queue(Machine... machines) {
        return new BuildQueue(List.of(machines), SchedulerOptions.DEFAULT, clock);
    }

    private static BuildRequest request(String... features) {
        return new BuildRequest(FakeStore.path("a.drv"), "x86_64-linux", new TreeSet<>(List.of(features)));
    }

    /// Whatever the fleet is like and whatever runs there: what is said is what then happens.
    @RepeatedTest(40)
    void chosenIsTheMachineThatTheBuildThenGets(RepetitionInfo repetition) throws InterruptedException {
        var random = new Random(repetition.getCurrentRepetition());
        var machines = new ArrayList<Machine>();
        for (int i = 0; i < 2 + random.nextInt(6); i++) {
            var features = random.nextInt(3) == 0 ? List.of("kvm") : List.<String>of();
            var machine = machine(
                    "m" + i,
                    random.nextInt(4),
                    List.of(1.0, 1.0, 1.05, 2.0, 4.0).get(random.nextInt(5)),
                    features,
                    List.of());
            machines.add(machine.withResources(amounts(random, 2, 8)));
        }
        var queue = new BuildQueue(machines, SchedulerOptions.DEFAULT, clock);
        for (int i = 0; i < 12; i++) {
            var request = request(random.nextInt(4) == 0 ? new String[] {"kvm"} : new String[0]);
            if (random.nextBoolean()) request = request.withWork(Work.of(Duration.ofSeconds(1 + random.nextInt(100))));
            if (random.nextBoolean()) request = request.withInputs(inputs(random, machines.size()));
            request = request.withResources(amounts(random, 4, 4));
            if (random.nextInt(6) == 0)
                MachineEvents.at(queue).drain("m" + random.nextInt(machines.size()), random.nextBoolean());
            var explained = queue.explain(request, Set.of());
            var ticket = queue.submit(request, Set.of());
            if (ticket.isWaiting()) {
                assertThat(explained.chosen()).as("%s", explained).isEmpty();
                assertThat(explained.isPossible()).isTrue();
                ticket.cancel();
                continue;
            }
            switch (ticket.await()) {
                case Outcome.Assigned(var assignment) -> {
                    assertThat(explained.chosen())
                            .as("%s", explained)
                            .contains(assignment.machine().name());
                    assertThat(explained.choices().getFirst().placement()).contains(assignment.placement());
                }
                case Outcome.NoMachine(var reasons) -> {
                    assertThat(explained.isPossible()).as("%s", explained).isFalse();
                    assertThat(explained.choices())
                            .allSatisfy(choice -> assertThat(choice.unfit()).contains(reasons.get(choice.machine())));
                }
            }
            clock.advance(Duration.ofSeconds(random.nextInt(20)));
        }
    }

    /// @param rarity a resource is among them once in this many times
    private static SortedMap<String, Long> amounts(Random random, int rarity, int most) {
        var amounts = new TreeMap<String, Long>();
        for (var name : List.of(Machine.MEMORY, "licence"))
            if (random.nextInt(rarity) == 0) amounts.put(name, 1L + random.nextInt(most));
        return amounts;
    }

    /// On up to four machines is some of it.
    private static Inputs inputs(Random random, int machines) {
        long bytes = 1 + random.nextLong(5_000_000_000L);
        var present = new HashMap<String, Long>();
        for (int i = 0; i < random.nextInt(5); i++)
            present.put("m" + random.nextInt(machines), random.nextLong(bytes + 1));
        return new Inputs(bytes, present);
    }

    @Test
    void tellsWhatIsToBeCopiedAndWhatAMachineLacks() {
        var queue = queue(
                machine("a", 1, 1).withResources(new TreeMap<>(Map.of("licence", 1L))),
                machine("b", 1, 1).withResources(new TreeMap<>(Map.of("licence", 2L))),
                machine("c", 1, 1).withResources(new TreeMap<>(Map.of("licence", 2L))),
                machine("d", 1, 1));
        var explanation = queue.explain(
                request()
                        .withInputs(new Inputs(1_000_000_000, Map.of("a", 1_000_000_000L, "c", 900_000_000L)))
                        .withResources(new TreeMap<>(Map.of("licence", 2L))),
                Set.of());
        assertThat(explanation.choices())
                .extracting(Explanation.Choice::machine)
                .containsExactly("c", "b", "a", "d");
        assertThat(explanation.choices().get(0).placement().orElseThrow().copyBytes())
                .isEqualTo(100_000_000);
        assertThat(explanation.choices().get(1).placement().orElseThrow().copyBytes())
                .isEqualTo(1_000_000_000);
        assertThat(explanation.choices().get(2).unfit()).contains("its licence is 1, and the build takes 2");
        assertThat(explanation.choices().get(3).unfit()).contains("it has no resource 'licence'");
    }

    @Test
    void tellsOfEachMachineWhyNot() {
        var queue = queue(
                machine("slow", 1, 1),
                machine("fast", 1, 4),
                machine("drained", 1, 8),
                machine("special", 1, 9, List.of("kvm"), List.of("kvm")));
        MachineEvents.at(queue).drain("drained", true);
        var explanation = queue.explain(request(), Set.of());
        assertThat(explanation.chosen()).contains("fast");
        assertThat(explanation.choices())
                .extracting(Explanation.Choice::machine)
                .containsExactly("fast", "slow", "drained", "special");
        assertThat(explanation.choices().get(2).notNow()).contains("it is drained");
        assertThat(explanation.choices().get(3).unfit()).contains("it is kept for builds that require kvm");
    }

    @Test
    void askingChangesNothing() throws InterruptedException {
        var queue = queue(machine("a", 1, 1), machine("b", 1, 2));
        for (int i = 0; i < 3; i++)
            assertThat(queue.explain(request(), Set.of()).chosen()).contains("b");
        assertThat(queue.snapshot().waiting()).isEmpty();
        assertThat(queue.snapshot().machines())
                .allSatisfy(view -> assertThat(view.running()).isEmpty());
        assertThat(queue.submit(request(), Set.of()).await()).isInstanceOf(Outcome.Assigned.class);
        assertThat(queue.explain(request(), Set.of()).chosen()).isEqualTo(Optional.of("a"));
    }
}
