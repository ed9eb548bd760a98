package dispatcher.build.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.machine.Machine;
import dispatcher.schedule.policy.BuildRequest;
import dispatcher.schedule.policy.Inputs;
import dispatcher.schedule.policy.MachineSnapshot;
import dispatcher.schedule.policy.Placement;
import dispatcher.schedule.policy.Work;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FleetCensusTest {
    private static final String X86 = "x86_64-linux";

    private final List<MachineSnapshot> fleet = new ArrayList<>();
    private final AtomicInteger looks = new AtomicInteger();
    private final AtomicLong time = new AtomicLong();
    private final FleetCensus census = new FleetCensus(this::look, time::get);

    private Collection<MachineSnapshot> look() {
        looks.incrementAndGet();
        time.addAndGet(1_000_000);
        return List.copyOf(fleet);
    }

    private MachineSnapshot add(String name, double speed) {
        var snapshot = MachineSnapshot.asConfigured(Machines.machine(name, 2, speed));
        fleet.add(snapshot);
        return snapshot;
    }

    private void replaceLast(MachineSnapshot snapshot) {
        fleet.set(fleet.size() - 1, snapshot);
    }

    private static BuildRequest request(String platform) {
        return new BuildRequest(FakeStore.path("tool-1.drv"), platform, Collections.emptySortedSet())
                .withWork(Work.of(Duration.ofSeconds(40)));
    }

    private static Placement chosen(String machine) {
        return new Placement(machine, 0, 0, 0, 1, 10, false, 0, 2, 4, true, true);
    }

    private PlacementAccount account(BuildRequest request, Set<String> excluded, Inputs inputs) {
        return census.account(
                new FleetCensus.Question(chosen("fast"), request, excluded, inputs, Duration.ofSeconds(1)));
    }

    @Test
    void everyMachineIsTheChosenOneOrComparedOrCountedByReason() {
        add("fast", 4);
        add("slow", 1);
        add("middle", 2);
        replaceLast(add("resting", 1).withDrained(true));
        var broken = add("broken", 1);
        replaceLast(broken.withHealth(broken.health().failed(Instant.EPOCH, "the connection broke")));
        var pressed = add("pressed", 1);
        replaceLast(pressed.withFacts(pressed.facts().withObjection("its disk is 99 % full")));
        add("full", 1);
        add("bad", 1);
        census.taken().take("full", new TreeMap<>());
        census.taken().take("full", new TreeMap<>());
        census.taken().take("middle", new TreeMap<>());

        var account = account(request(X86), Set.of("bad"), Inputs.of(100_000_000));

        assertThat(account.chosen()).isEqualTo(chosen("fast"));
        assertThat(account.others()).extracting(Placement::machine).containsExactly("middle", "slow");
        var middle = account.others().getFirst();
        assertThat(middle.slotsTaken()).isEqualTo(1);
        assertThat(middle.build()).isEqualTo(20);
        assertThat(middle.copyBytes()).isEqualTo(100_000_000);
        assertThat(middle.copy()).isEqualTo(2);
        assertThat(middle.score()).isEqualTo(22);
        assertThat(account.free()).isEqualTo(2);
        assertThat(account.objections())
                .containsOnly(
                        Map.entry("it is drained", 1),
                        Map.entry("it is set aside until it works again", 1),
                        Map.entry("what was measured there speaks against it", 1),
                        Map.entry("all its slots are taken", 1),
                        Map.entry("the build has been lost there, or must not go there", 1));
        assertThat(account.machines()).isEqualTo(8);
    }

    @Test
    void whatIsGivenBackIsFreeAgain() {
        add("fast", 4);
        add("b", 1);
        census.taken().take("b", new TreeMap<>());
        census.taken().take("b", new TreeMap<>());
        assertThat(account(request(X86), Set.of(), Inputs.NONE).free()).isZero();
        census.taken().giveBack("b", new TreeMap<>());
        census.taken().giveBack("b", new TreeMap<>());
        time.addAndGet(Duration.ofDays(1).toNanos());
        var later = account(request(X86), Set.of(), Inputs.NONE);
        assertThat(later.others()).extracting(Placement::slotsTaken).containsExactly(0);
    }

    @Test
    void whatTheOthersLackIsCounted() {
        add("fast", 4);
        for (int i = 0; i < 3; i++) add("b" + i, 1);
        var kvm = new BuildRequest(FakeStore.path("tool-1.drv"), X86, new TreeSet<>(Set.of("kvm")));
        assertThat(account(kvm, Set.of(), Inputs.NONE).objections())
                .containsOnly(Map.entry("it lacks the feature kvm", 3));
        assertThat(account(request("aarch64-linux"), Set.of(), Inputs.NONE).objections())
                .containsOnly(Map.entry("it builds for x86_64-linux, not for aarch64-linux", 3));
        var only = request(X86).withMachine(Optional.of("fast"));
        assertThat(account(only, Set.of(), Inputs.NONE).objections())
                .containsOnly(Map.entry("the build is for machine fast only", 3));
    }

    @Test
    void machinesWithoutTheResourcesAreNoneThatItCouldHaveHad() {
        add("fast", 4);
        var memory = new TreeMap<>(Map.of(Machine.MEMORY, 8L));
        replaceLast(withMemory(add("b", 1), 10));
        replaceLast(withMemory(add("c", 1), 10));
        census.taken().take("b", memory);
        var account = account(request(X86).withResources(memory), Set.of(), Inputs.NONE);
        assertThat(account.others()).extracting(Placement::machine).containsExactly("c");
        assertThat(account.objections()).containsOnly(Map.entry("others have taken what the build needs of it", 1));
        assertThat(account.free()).isEqualTo(1);
    }

    private static MachineSnapshot withMemory(MachineSnapshot snapshot, long bytes) {
        return snapshot.withMachine(snapshot.machine().withResources(new TreeMap<>(Map.of(Machine.MEMORY, bytes))));
    }

    @Test
    void ofAMachineWithTheInputsItIsKnownThatNothingIsToBeCopied() {
        add("fast", 4);
        for (int i = 0; i < 50; i++) add("b" + i, 1);
        var account = account(request(X86), Set.of(), new Inputs(1_000_000_000, Map.of("b49", 1_000_000_000L)));
        assertThat(account.others()).hasSize(PlacementAccount.MOST_OTHERS);
        assertThat(account.others().getFirst().machine()).isEqualTo("b49");
        assertThat(account.others().getFirst().copyBytes()).isZero();
        assertThat(account.free()).isEqualTo(50);
    }

    /// A look at all machines takes 1 ms here, so one every 100 ms.
    @Test
    void aLargeFleetIsLookedAtForAHundredthOfTheTime() {
        add("fast", 4);
        for (int i = 0; i < 1_000; i++) add("b" + i, 1);
        for (int build = 0; build < 1_000; build++) {
            account(request(X86), Set.of(), Inputs.NONE);
            time.addAndGet(1_000_000);
        }
        assertThat(looks.get()).isBetween(5, 11);
    }

    @Test
    void veryManyKindsOfMachinesCostNoMoreThanSome() {
        add("fast", 4);
        for (int i = 0; i < 2_000; i++) {
            var machine = add("b" + i, 1);
            replaceLast(withMemory(machine, i + 1L));
        }
        var account = account(request(X86), Set.of(), Inputs.NONE);
        assertThat(account.machines()).isEqualTo(2_001);
        assertThat(account.objections())
                .containsEntry(
                        "not looked at, as there are too many kinds of machines", 2_001 - FleetCensus.MOST_GROUPS);
    }

    @Test
    void veryManyReasonsAreCountedTogether() {
        var tally = new ObjectionTally();
        for (int i = 10; i < 40; i++) tally.add("reason " + i, 2);
        assertThat(tally.counts()).hasSize(PlacementAccount.MOST_REASONS + 1).containsEntry("other reasons", 28);
    }
}
