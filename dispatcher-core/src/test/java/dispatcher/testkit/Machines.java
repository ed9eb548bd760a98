package dispatcher.testkit;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineProtocol;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// Machines for tests, which nobody will log in to.
public final class Machines {
    private Machines() {}

    /// An `x86_64-linux` machine without features.
    public static Machine machine(String name, int maxJobs, double speedFactor) {
        return machine(name, maxJobs, speedFactor, List.of(), List.of());
    }

    public static Machine machine(
            String name, int maxJobs, double speedFactor, List<String> supported, List<String> mandatory) {
        return new Machine(
                name,
                new MachineAddress(name, MachineAddress.SSH_PORT, "nix", Optional.empty(), Optional.empty()),
                MachineProtocol.SSH_NG,
                new TreeSet<>(List.of("x86_64-linux")),
                maxJobs,
                speedFactor,
                new TreeSet<>(supported),
                new TreeSet<>(mandatory));
    }
}
