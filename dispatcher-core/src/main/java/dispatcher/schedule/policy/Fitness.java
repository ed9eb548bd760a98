package dispatcher.schedule.policy;

import dispatcher.fleet.Machine;
import java.util.Optional;
import java.util.TreeSet;

/// Whether a machine could do a build at all: Nix's rule for systems and features.
///
/// Source: Nix 2.34, `src/libstore/machines.cc`, `src/nix/build-remote/build-remote.cc`.
public final class Fitness {
    private static final String ANY_PLATFORM = "builtin";

    private Fitness() {}

    /// What speaks against `machine`, in words; empty if nothing does.
    public static Optional<String> objection(Machine machine, BuildRequest request) {
        if (machine.maxJobs() == 0) return Optional.of("its maxJobs is 0");
        var platform = request.platform();
        if (!platform.equals(ANY_PLATFORM) && !machine.systems().contains(platform))
            return Optional.of(
                    "it builds for %s, not for %s".formatted(String.join(", ", machine.systems()), platform));
        var missing = new TreeSet<>(request.requiredFeatures());
        missing.removeAll(machine.supportedFeatures());
        missing.removeAll(machine.mandatoryFeatures());
        if (!missing.isEmpty()) return Optional.of("it lacks the feature " + String.join(", ", missing));
        var unwanted = new TreeSet<>(machine.mandatoryFeatures());
        unwanted.removeAll(request.requiredFeatures());
        if (!unwanted.isEmpty())
            return Optional.of("it is kept for builds that require " + String.join(", ", unwanted));
        return Optional.empty();
    }
}
