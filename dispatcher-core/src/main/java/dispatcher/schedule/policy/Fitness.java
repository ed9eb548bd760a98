package dispatcher.schedule.policy;

import dispatcher.machine.Machine;
import java.util.Optional;
import java.util.TreeSet;

/// Whether a machine could do a build at all: Nix's rule for systems and features, and ours for resources.
///
/// Source: Nix 2.34, `src/libstore/machines.cc`, `src/nix/build-remote/build-remote.cc`.
public final class Fitness {
    private static final String ANY_PLATFORM = "builtin";

    /// Of a machine of which nobody has said yet what it builds for.
    private static final String NOT_DESCRIBED = "not yet described";

    private Fitness() {}

    /// Why `machine` does not fit, in words; empty if it fits. Exclusions are not looked at.
    public static Optional<String> objection(Machine machine, SchedulingKey need) {
        var only = need.machine();
        if (only.isPresent() && !only.get().equals(machine.name()))
            return Optional.of("the build is for machine %s only".formatted(only.get()));
        if (machine.maxJobs() == 0) return Optional.of("its maxJobs is 0");
        if (!machine.isDescribed()) return Optional.of(NOT_DESCRIBED);
        var platform = need.platform();
        if (!platform.equals(ANY_PLATFORM) && !machine.systems().contains(platform))
            return Optional.of(
                    "it builds for %s, not for %s".formatted(String.join(", ", machine.systems()), platform));
        var missing = new TreeSet<>(need.requiredFeatures());
        missing.removeAll(machine.supportedFeatures());
        missing.removeAll(machine.mandatoryFeatures());
        if (!missing.isEmpty()) return Optional.of("it lacks the feature " + String.join(", ", missing));
        var unwanted = new TreeSet<>(machine.mandatoryFeatures());
        unwanted.removeAll(need.requiredFeatures());
        if (!unwanted.isEmpty())
            return Optional.of("it is kept for builds that require " + String.join(", ", unwanted));
        return resourceObjection(machine, need);
    }

    /// Whether machines of this kind fit, whatever their names: otherwise the same as [#objection], without words and
    /// therefore much cheaper.
    public static boolean isFit(Machine machine, SchedulingKey need) {
        return machine.maxJobs() > 0
                && machine.isDescribed()
                && (need.platform().equals(ANY_PLATFORM) || machine.systems().contains(need.platform()))
                && need.requiredFeatures().stream()
                        .allMatch(feature -> machine.supportedFeatures().contains(feature)
                                || machine.mandatoryFeatures().contains(feature))
                && need.requiredFeatures().containsAll(machine.mandatoryFeatures())
                && resourceObjection(machine, need).isEmpty();
    }

    public static Optional<String> objection(Machine machine, BuildRequest request) {
        return objection(machine, SchedulingKey.of(request, java.util.Set.of()));
    }

    /// A machine that says nothing of memory is taken to have enough; anything else it must declare.
    private static Optional<String> resourceObjection(Machine machine, SchedulingKey need) {
        for (var taken : need.resources().entrySet()) {
            var name = taken.getKey();
            var has = machine.resources().get(name);
            if (has == null && name.equals(Machine.MEMORY)) continue;
            if (has == null) return Optional.of("it has no resource '%s'".formatted(name));
            if (has < taken.getValue())
                return Optional.of("its %s is %s, and the build takes %s"
                        .formatted(name, Amounts.show(name, has), Amounts.show(name, taken.getValue())));
        }
        return Optional.empty();
    }
}
