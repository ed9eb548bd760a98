package dispatcher.cli.ping;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineDescription;
import dispatcher.machine.Trait;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/// Compares what the settings say of a machine with what it says itself.
public final class CapabilityCheck {
    private static final long LEAST_FREE_BYTES = 1L << 30;

    private CapabilityCheck() {}

    /// What the settings promise, and builds would fail over.
    public static List<Problem> problems(Machine machine, MachineDescription offered, Optional<Boolean> trusted) {
        var problems = new ArrayList<Problem>();
        if (trusted.equals(Optional.of(false))) problems.add(notTrusted(machine));
        if (machine.unstated().contains(Trait.SYSTEMS) && offered.systems().isEmpty()) problems.add(notDescribed());
        if (offered.maxJobs().orElse(1) == 0)
            problems.add(new Problem(
                    "starts no builds",
                    "max-jobs is 0 in its nix.conf",
                    "set max-jobs there to %d, as the settings have it, or more".formatted(machine.maxJobs())));
        offered.systems()
                .map(systems -> without(machine.systems(), systems))
                .filter(missing -> !missing.isEmpty())
                .ifPresent(missing -> problems.add(wrongSystems(missing, offered)));
        offered.features()
                .map(features -> without(features(machine), features))
                .filter(missing -> !missing.isEmpty())
                .ifPresent(missing -> problems.add(wrongFeatures(missing, offered)));
        if (offered.freeBytes().orElse(Long.MAX_VALUE) < LEAST_FREE_BYTES)
            problems.add(new Problem(
                    "disk full",
                    "%d MiB are free for its store"
                            .formatted(offered.freeBytes().orElse(0) >> 20),
                    "run `nix-collect-garbage` there, or give it a larger disk"));
        return problems;
    }

    private static Problem notTrusted(Machine machine) {
        var user = machine.address().user();
        return new Problem(
                "not trusted",
                "its Nix does not trust the user %s, and takes no inputs from it".formatted(user),
                "add %s to trusted-users in its nix.conf and restart its nix-daemon".formatted(user));
    }

    private static Problem notDescribed() {
        return new Problem(
                "not described",
                "the settings do not say what it builds for, and it does not either",
                "write `systems`, `maxJobs` and `supportedFeatures` into its entry, or let its login run `sh` and find nix"
                        + " there");
    }

    private static Problem wrongSystems(Set<String> missing, MachineDescription offered) {
        return new Problem(
                "wrong claim",
                "the settings say that it builds for %s; its Nix builds for %s"
                        .formatted(list(missing), list(offered.systems().orElseThrow())),
                "take %s out of its systems, or add it to extra-platforms in its nix.conf".formatted(list(missing)));
    }

    private static Problem wrongFeatures(Set<String> missing, MachineDescription offered) {
        return new Problem(
                "wrong claim",
                "the settings say that it has %s; its Nix has %s"
                        .formatted(list(missing), list(offered.features().orElseThrow())),
                "take %s out of its features, or add it to system-features in its nix.conf".formatted(list(missing)));
    }

    /// What a derivation may require of the machine.
    static SortedSet<String> features(Machine machine) {
        var features = new TreeSet<>(machine.supportedFeatures());
        features.addAll(machine.mandatoryFeatures());
        return features;
    }

    static SortedSet<String> without(Set<String> set, Set<String> others) {
        var rest = new TreeSet<>(set);
        rest.removeAll(others);
        return rest;
    }

    private static String list(Set<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }
}
