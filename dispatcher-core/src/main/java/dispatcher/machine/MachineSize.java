package dispatcher.machine;

import java.util.Optional;

/// How large a machine is that is made for builds, as far as that is said.
///
/// @param cores  above zero
/// @param memory bytes, above zero
/// @param disk   bytes, above zero
public record MachineSize(Optional<Double> cores, Optional<Long> memory, Optional<Long> disk) {
    /// Nothing is said.
    public static final MachineSize NONE = new MachineSize(Optional.empty(), Optional.empty(), Optional.empty());

    public MachineSize {
        if (cores.filter(it -> !(it > 0) || it > 1e6).isPresent())
            throw new IllegalArgumentException("a machine has more than no cores, and not " + cores.get());
        if (memory.orElse(1L) < 1 || disk.orElse(1L) < 1)
            throw new IllegalArgumentException("memory and disk of a machine are above zero");
    }

    /// The other one's, as far as this one does not say it.
    public MachineSize or(MachineSize other) {
        return new MachineSize(cores.or(other::cores), memory.or(other::memory), disk.or(other::disk));
    }
}
