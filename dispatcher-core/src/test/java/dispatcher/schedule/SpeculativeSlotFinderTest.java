package dispatcher.schedule;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.schedule.index.RunningBuild;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Client;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.MachineState;
import dispatcher.schedule.policy.SchedulerOptions;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MachineEvents;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// A second slot for a build that has one.
class SpeculativeSlotFinderTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private static Scheduler scheduler(Machine... machines) {
        return new Scheduler(List.of(machines), SchedulerOptions.DEFAULT);
    }

    private static BuildRequest build(String name, String... features) {
        return new BuildRequest(FakeStore.path(name + ".drv"), "x86_64-linux", new TreeSet<>(List.of(features)))
                .withWork(Work.assumed(Duration.ofMinutes(1)));
    }

    private static BuildRequest ofClient(String name, int maxBuilds) {
        return build(name).withClient(new Client("alice", 0, maxBuilds));
    }

    private static Machine withGpus(Machine machine, long gpus) {
        return machine.withResources(new TreeMap<>(Map.of("gpu", gpus)));
    }

    /// A build that begins on a machine of that name, as it may go to no other.
    private static RunningBuild on(Scheduler scheduler, String machine, BuildRequest request) {
        var others = new TreeSet<String>();
        for (var view : scheduler.machines()) others.add(view.machine().name());
        others.remove(machine);
        scheduler.submit(request, others, NOW);
        var decisions = scheduler.decide(NOW);
        assertThat(decisions).hasSize(1);
        if (decisions.getFirst() instanceof Decision.Assigned(var running, var _)) return running;
        throw new AssertionError(decisions);
    }

    private static Optional<String> again(Scheduler scheduler, RunningBuild slow, String... excluded) {
        return scheduler
                .startAgain(slow, Set.of(excluded), Inputs.NONE, NOW)
                .map(assigned -> assigned.running().machine().name());
    }

    private static int taken(Scheduler scheduler, String machine) {
        return scheduler.machines().stream()
                .filter(view -> view.machine().name().equals(machine))
                .mapToInt(MachineView::slotsTaken)
                .sum();
    }

    @Test
    void isOnTheMachineThatShouldBeDoneFirst() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 2), machine("c", 1, 4));
        var slow = on(scheduler, "a", build("x"));

        assertThat(again(scheduler, slow)).contains("c");
        assertThat(taken(scheduler, "a")).isEqualTo(1);
        assertThat(taken(scheduler, "c")).isEqualTo(1);
    }

    @Test
    void isOnNoMachineThatIsHardlyFaster() {
        var scheduler = scheduler(machine("a", 2, 1), machine("b", 1, 1.29));
        var slow = on(scheduler, "a", build("x"));

        assertThat(again(scheduler, slow)).isEmpty();
        MachineEvents.at(scheduler).learn("b", facts -> facts.withSpeed(1.3));
        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void isOnAnyMachineIfTheFirstIsUnderPressure() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 0.5));
        var slow = on(scheduler, "a", build("x"));
        MachineEvents.at(scheduler).learn("a", facts -> facts.withObjection("its load is 9"));

        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void isOnAnyMachineIfTheFirstIsSetAside() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 0.5));
        var slow = on(scheduler, "a", build("x"));
        MachineEvents.at(scheduler).failed("a", NOW, "broke");

        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void isOnAnyMachineIfTheFirstIsNotInTheSettingsAnyMore() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 0.5));
        var slow = on(scheduler, "a", build("x"));
        scheduler.replace(List.of(MachineSnapshot.asConfigured(machine("b", 1, 0.5))));

        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void isNoneThatSomebodyWhoWaitsCouldUse() {
        var scheduler = scheduler(machine("a", 1, 1), withGpus(machine("b", 2, 4), 1));
        var slow = on(scheduler, "a", build("x"));
        var holder = on(scheduler, "b", build("y").withResources(new TreeMap<>(Map.of("gpu", 1L))));
        scheduler.submit(build("z").withResources(new TreeMap<>(Map.of("gpu", 1L))), Set.of(), NOW);
        assertThat(scheduler.decide(NOW)).isEmpty();

        assertThat(again(scheduler, slow)).as("while z waits for a gpu of b").isEmpty();
        scheduler.finished(holder, NOW);
        assertThat(scheduler.decide(NOW)).hasSize(1);
        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void mayBeOnAMachineThatNobodyWhoWaitsMayGoTo() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 4));
        var slow = on(scheduler, "a", build("x"));
        scheduler.submit(build("y"), Set.of("b"), NOW);
        assertThat(scheduler.decide(NOW)).isEmpty();

        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void isNotWhereItMustNotGo() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 4), machine("c", 1, 2));
        var slow = on(scheduler, "a", build("x"));

        assertThat(again(scheduler, slow, "b")).contains("c");
    }

    @Test
    void isOnlyOnAMachineThatFits() {
        var scheduler =
                scheduler(machine("a", 1, 1, List.of("kvm"), List.of()), machine("b", 1, 4), machine("c", 1, 9));
        MachineEvents.at(scheduler).drain("c", true);
        var slow = on(scheduler, "a", build("x", "kvm"));

        assertThat(again(scheduler, slow)).isEmpty();
    }

    @Test
    void sparesMachinesThatOfferMore() {
        var scheduler =
                scheduler(machine("a", 1, 1), machine("b", 1, 4), machine("kvm", 1, 5, List.of("kvm"), List.of()));
        var slow = on(scheduler, "a", build("x"));

        assertThat(again(scheduler, slow)).contains("b");
    }

    @Test
    void takesResourcesLikeAnyBuild() {
        var scheduler = scheduler(withGpus(machine("a", 1, 1), 1), withGpus(machine("b", 2, 4), 1));
        var gpu = new TreeMap<>(Map.of("gpu", 1L));
        var slow = on(scheduler, "a", build("x").withResources(gpu));
        assertThat(again(scheduler, slow)).contains("b");
        scheduler.submit(build("y").withResources(gpu), Set.of(), NOW);

        assertThat(scheduler.decide(NOW)).as("the gpu of b is taken").isEmpty();
    }

    @Test
    void countsToWhatItsClientMayRun() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 2, 4));
        var only = on(scheduler, "a", ofClient("x", 1));
        assertThat(again(scheduler, only)).isEmpty();

        var two = scheduler(machine("a", 1, 1), machine("b", 2, 4));
        var first = on(two, "a", ofClient("x", 2));
        assertThat(again(two, first)).contains("b");
        two.submit(ofClient("y", 2), Set.of(), NOW);
        assertThat(two.decide(NOW)).as("a third of a client that may run two").isEmpty();
    }

    @Test
    void leavesItsClientWhatThatWaitsFor() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 4));
        var slow = on(scheduler, "a", ofClient("x", 2));
        scheduler.submit(ofClient("y", 2), Set.of("b"), NOW);
        assertThat(scheduler.decide(NOW)).isEmpty();

        assertThat(again(scheduler, slow)).isEmpty();
    }

    @Test
    void isNoneForABuildThatHasEnded() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 4));
        var slow = on(scheduler, "a", build("x"));
        scheduler.finished(slow, NOW);

        assertThat(again(scheduler, slow)).isEmpty();
    }

    @Test
    void isNoneOnAMachineThatIsOnTrial() {
        var scheduler = scheduler(machine("a", 1, 1), machine("b", 1, 4));
        var slow = on(scheduler, "a", build("x"));
        for (int i = 0; i < 2; i++) {
            MachineEvents.at(scheduler).failed("b", NOW, "broke");
            MachineEvents.at(scheduler).answered("b");
        }
        assertThat(scheduler.machines().getLast().state()).isEqualTo(MachineState.ON_TRIAL);

        assertThat(again(scheduler, slow)).isEmpty();
    }
}
