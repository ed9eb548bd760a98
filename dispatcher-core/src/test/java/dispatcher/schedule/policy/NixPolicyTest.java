package dispatcher.schedule.policy;

import static dispatcher.testkit.Machines.machine;
import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.fleet.Machine;
import dispatcher.nix.StorePath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class NixPolicyTest {
    private static final StorePath DRV = new StorePath("7h7qgvs4kgzsn8a6rb273saxyqh4jxlz-x.drv");
    private final NixPolicy policy = new NixPolicy();

    private static BuildRequest request(String platform, String... features) {
        return new BuildRequest(DRV, platform, new TreeSet<>(List.of(features)));
    }

    /// Gives builds to `machines`, none of which finishes, until all slots are taken.
    private String fill(Machine... machines) {
        var running = new HashMap<String, Integer>();
        var order = new ArrayList<String>();
        while (true) {
            var states = new ArrayList<MachineState>();
            for (var machine : machines)
                states.add(new MachineState(machine, running.getOrDefault(machine.name(), 0), true));
            if (!(policy.place(request("x86_64-linux"), states) instanceof Placement.Chosen chosen)) break;
            running.merge(chosen.machine().name(), 1, Integer::sum);
            order.add(chosen.machine().name());
        }
        return String.join(" ", order);
    }

    private Placement place(BuildRequest request, MachineState... machines) {
        return policy.place(request, List.of(machines));
    }

    @Nested
    class Order {
        @Test
        void fasterMachineGetsTwiceAsMany() {
            assertThat(fill(machine("A", 4, 1), machine("B", 4, 2))).isEqualTo("B A B B A B A A");
        }

        @Test
        void threeSpeedsInterleaveByLoad() {
            assertThat(fill(machine("A", 8, 1), machine("B", 4, 4), machine("C", 2, 1.5)))
                    .isEqualTo("B C A B B C B A A A A A A A");
        }

        @Test
        void equalMachinesTakeTurnsInTheOrderOfTheSettings() {
            assertThat(fill(machine("A", 3, 1), machine("B", 3, 1), machine("C", 3, 1)))
                    .isEqualTo("A B C A B C A B C");
        }
    }

    @Nested
    class Fit {
        private final Machine kvm = machine("K", 1, 1, List.of("big-parallel"), List.of("kvm"));

        @Test
        void mandatoryFeatureKeepsPlainBuildsAway() {
            assertThat(place(request("x86_64-linux"), new MachineState(kvm, 0, true)))
                    .isInstanceOfSatisfying(
                            Placement.Impossible.class,
                            no -> assertThat(no.reasons().get("K"))
                                    .isEqualTo("it is kept for builds that require kvm"));
        }

        @Test
        void mandatoryFeatureCountsAsSupported() {
            assertThat(place(request("x86_64-linux", "kvm", "big-parallel"), new MachineState(kvm, 0, true)))
                    .isInstanceOf(Placement.Chosen.class);
        }

        @Test
        void builtinPlatformFitsEveryMachine() {
            assertThat(place(request("builtin"), new MachineState(machine("A", 1, 1), 0, true)))
                    .isInstanceOf(Placement.Chosen.class);
        }

        @Test
        void otherSystemIsImpossibleAndSaysSo() {
            assertThat(place(request("aarch64-linux"), new MachineState(machine("A", 1, 1), 0, true)))
                    .isInstanceOfSatisfying(
                            Placement.Impossible.class,
                            no -> assertThat(no.reasons().get("A"))
                                    .isEqualTo("it builds for x86_64-linux, not for aarch64-linux"));
        }

        @Test
        void machineWithoutJobsIsImpossible() {
            assertThat(place(request("x86_64-linux"), new MachineState(machine("A", 0, 1), 0, true)))
                    .isInstanceOf(Placement.Impossible.class);
        }
    }

    @Test
    void fullMachineIsBusyNotImpossible() {
        assertThat(place(request("x86_64-linux"), new MachineState(machine("A", 2, 1), 2, true)))
                .isInstanceOf(Placement.Busy.class);
    }

    @Test
    void machineSetAsideIsBusyNotImpossible() {
        assertThat(place(request("x86_64-linux"), new MachineState(machine("A", 2, 1), 0, false)))
                .isInstanceOf(Placement.Busy.class);
    }
}
