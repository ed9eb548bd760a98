package dispatcher.machine;

import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a machine says of itself. Each part may be missing: an account that may run nothing but Nix says nothing.
///
/// @param systems      what its Nix builds for; not empty if it is there
/// @param features     its Nix's `system-features`
/// @param experimental its Nix's `experimental-features`
/// @param maxJobs      builds that its Nix does at a time; 0 if it does none
/// @param cores        processors that are online
/// @param memory       bytes in all
/// @param diskBytes    size of the disk of its store
/// @param freeBytes    on that disk
/// @param nixVersion   e.g. `2.31.1`
/// @param storeDir     of its Nix, e.g. `/nix/store`
/// @param trusted      whether its Nix trusts the login, by its settings
public record MachineDescription(
        Optional<SortedSet<String>> systems,
        Optional<SortedSet<String>> features,
        Optional<SortedSet<String>> experimental,
        OptionalInt maxJobs,
        OptionalInt cores,
        OptionalLong memory,
        OptionalLong diskBytes,
        OptionalLong freeBytes,
        Optional<String> nixVersion,
        Optional<String> storeDir,
        Optional<Boolean> trusted) {
    /// Of a machine that says nothing.
    public static final MachineDescription NOTHING = new MachineDescription(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    public MachineDescription {
        systems = systems.filter(names -> !names.isEmpty()).map(MachineDescription::copy);
        features = features.map(MachineDescription::copy);
        experimental = experimental.map(MachineDescription::copy);
    }

    private static SortedSet<String> copy(Set<String> set) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(set));
    }
}
