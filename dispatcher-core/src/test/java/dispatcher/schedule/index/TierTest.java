package dispatcher.schedule.index;

import static dispatcher.testkit.Machines.machine;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.MachineHealth;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.SchedulingKey;
import dispatcher.testkit.FakeStore;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When the next slot of machines that are alike is free.
class TierTest {
    private final Fleet fleet = new Fleet();
    private final RequirementQueue queue = new RequirementQueue(SchedulingKey.of(request("any"), Set.of()));
    private long builds;
    private long plans;

    @BeforeEach
    void twoMachines() {
        fleet.replace(List.of(
                MachineSnapshot.asConfigured(machine("a", 1, 1)), MachineSnapshot.asConfigured(machine("b", 3, 1))));
        fleet.attach(queue);
    }

    private static BuildRequest request(String name) {
        return new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>());
    }

    private RunningBuild start(String machine, long end) {
        var build = new WaitingBuild(request("x"), queue.need(), new ClientShare(Client.ANYBODY), 0, builds++, false);
        var running = new RunningBuild(build, slots(machine).machine(), 0, 0, end, 0);
        fleet.start(running);
        return running;
    }

    private MachineSlots slots(String machine) {
        return requireNonNull(fleet.machine(machine));
    }

    private void update(String machine, UnaryOperator<MachineSnapshot> change) {
        fleet.update(slots(machine), change.apply(slots(machine).snapshot()));
    }

    private long nextFree() {
        return tier().nextFree(++plans, 1);
    }

    private Tier tier() {
        return queue.ways().iterator().next().tier();
    }

    @Test
    void isWhenTheFirstOfItsBuildsEnds() {
        start("a", 30);
        var first = start("b", 20);
        assertThat(queue.countOfWays()).isOne();
        assertThat(nextFree()).isEqualTo(20);

        fleet.end(first);
        assertThat(nextFree()).isEqualTo(30);
    }

    @Test
    void isNotWhenABuildOfADrainedMachineEnds() {
        start("a", 30);
        start("b", 20);
        update("b", snapshot -> snapshot.withDrained(true));
        assertThat(nextFree()).isEqualTo(30);

        update("b", snapshot -> snapshot.withDrained(false));
        assertThat(nextFree()).isEqualTo(20);
    }

    @Test
    void isNotWhenABuildBesideTheOneOnTrialEnds() {
        start("a", 50);
        var first = start("b", 20);
        start("b", 30);
        update("b", snapshot -> snapshot.withHealth(onTrial()));
        assertThat(slots("b").capacity()).isOne();
        assertThat(nextFree()).isEqualTo(50);

        fleet.end(first);
        assertThat(nextFree()).isEqualTo(30);
    }

    private static MachineHealth onTrial() {
        var health = MachineHealth.GOOD;
        for (int i = 0; i < 20 && !health.isOnTrial(); i++)
            health = health.failed(Instant.EPOCH.plusSeconds(i), "it broke").answered();
        assertThat(health.isOnTrial()).isTrue();
        return health;
    }

    @Test
    void isNeverIfNothingThatRunsFreesASlot() {
        start("a", 30);
        update("a", snapshot -> snapshot.withDrained(true));
        update("b", snapshot -> snapshot.withDrained(true));

        assertThat(nextFree()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void goesOnToTheNextForWhoeverComesAfterInOnePlan() {
        start("a", 30);
        start("b", 20);
        tier().reserve(++plans, 1, 25);
        assertThat(tier().nextFree(plans, 1)).isEqualTo(25);
        tier().reserve(plans, 1, 90);
        assertThat(tier().nextFree(plans, 1)).isEqualTo(30);

        assertThat(nextFree()).as("in another plan").isEqualTo(20);
    }

    @Test
    void goesWithAMachineThatBecomesFaster() {
        start("a", 30);
        start("b", 20);
        update("b", snapshot -> snapshot.withFacts(snapshot.facts().withSpeed(8)));

        assertThat(queue.countOfWays()).isEqualTo(2);
        assertThat(nextFree()).isEqualTo(30);
        assertThat(requireNonNull(fleet.wayTo(slots("b"), queue)).tier().nextFree(plans, 1))
                .isEqualTo(20);
    }
}
