package dispatcher.cli.ping;

import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// What a machine says about itself. Each part may be missing: an account that may run nothing but Nix says nothing.
///
/// @param systems    what its Nix builds for
/// @param features   its Nix's `system-features`
/// @param maxJobs    builds that its Nix does at a time; 0 if it does none
/// @param cores      processors that are online
/// @param freeBytes  on the disk of its store
/// @param nixVersion e.g. `2.31.1`
/// @param trusted    whether its Nix trusts the login, by its settings
public record ProbedCapabilities(
        Optional<SortedSet<String>> systems,
        Optional<SortedSet<String>> features,
        OptionalInt maxJobs,
        OptionalInt cores,
        OptionalLong freeBytes,
        Optional<String> nixVersion,
        Optional<Boolean> trusted) {
    public static final ProbedCapabilities NOTHING_TOLD = new ProbedCapabilities(
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Optional.empty());

    public ProbedCapabilities {
        systems = systems.map(ProbedCapabilities::copy);
        features = features.map(ProbedCapabilities::copy);
    }

    private static SortedSet<String> copy(Set<String> set) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(set));
    }
}
