package dispatcher.cli.builders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OfferTest {

    @Test
    void isTheUnionOfWhatTheMachinesOffer() {
        var offer = Offer.of(List.of(
                machine("a", Set.of("x86_64-linux", "i686-linux"), 8, Set.of("kvm"), Set.of()),
                machine("b", Set.of("aarch64-linux"), 4, Set.of("big-parallel"), Set.of())));

        assertThat(offer.systems()).containsExactly("aarch64-linux", "i686-linux", "x86_64-linux");
        assertThat(offer.supportedFeatures()).containsExactly("big-parallel", "kvm");
        assertThat(offer.mandatoryFeatures()).isEmpty();
    }

    @Test
    void whatSomeMachinesInsistOnIsOnlySupported() {
        var offer = Offer.of(List.of(
                machine("a", Set.of("x86_64-linux"), 8, Set.of("kvm"), Set.of("benchmark", "slow")),
                machine("b", Set.of("x86_64-linux"), 4, Set.of(), Set.of("slow"))));

        assertThat(offer.supportedFeatures()).containsExactly("benchmark", "kvm", "slow");
        assertThat(offer.mandatoryFeatures()).containsExactly("slow");
    }

    @Test
    void leavesTheQueueToUs() {
        assertThat(jobs(1)).isEqualTo(1000);
        assertThat(jobs(101)).isEqualTo(1010);
        assertThat(jobs(999_999_999)).isEqualTo(Integer.MAX_VALUE);
    }

    private static int jobs(int maxJobs) {
        return Offer.of(List.of(machine("a", Set.of("x86_64-linux"), maxJobs, Set.of(), Set.of())))
                .maxJobs();
    }

    @Test
    void machinesWithoutJobsDoNotCount() {
        var none = machine("a", Set.of("riscv64-linux"), 0, Set.of("kvm"), Set.of());
        var some = machine("b", Set.of("x86_64-linux"), 1, Set.of(), Set.of());

        assertThat(Offer.of(List.of(none, some)).systems()).containsExactly("x86_64-linux");
        assertThatIllegalArgumentException().isThrownBy(() -> Offer.of(List.of(none)));
    }

    private static Machine machine(
            String name,
            Collection<String> systems,
            int maxJobs,
            Collection<String> supported,
            Collection<String> mandatory) {
        return new Machine(
                name,
                new MachineAddress(name, 22, "nix", Optional.empty(), Optional.empty()),
                MachineProtocol.SSH_NG,
                new TreeSet<>(systems),
                maxJobs,
                1,
                new TreeSet<>(supported),
                new TreeSet<>(mandatory));
    }
}
