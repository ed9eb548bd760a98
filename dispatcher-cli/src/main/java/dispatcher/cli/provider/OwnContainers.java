package dispatcher.cli.provider;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which containers are of use to this process: those of the settings that it has had. Others that have its
/// dispatcher's label were left by an earlier one. Safe for any thread.
final class OwnContainers {
    /// Fingerprints of settings by machine: as many as there were while this process runs.
    private final Map<String, Set<String>> made = new ConcurrentHashMap<>();

    private final boolean ownsAll;

    /// @param ownsAll whether all machines of the dispatcher are known here; else containers of others are left alone
    OwnContainers(boolean ownsAll) {
        this.ownsAll = ownsAll;
    }

    /// The settings have this machine.
    void add(String machine) {
        var _ = made.computeIfAbsent(machine, _ -> ConcurrentHashMap.newKeySet());
    }

    /// Its containers are made so.
    void add(String machine, String fingerprint) {
        made.computeIfAbsent(machine, _ -> ConcurrentHashMap.newKeySet()).add(fingerprint);
    }

    /// Whether a container with these labels has no machine any more, or was made by settings that this process has
    /// never had.
    boolean isLeft(Map<String, String> labels) {
        var machine = made.get(labels.getOrDefault(ContainerName.MACHINE, ""));
        if (machine == null) return ownsAll;
        return !machine.contains(labels.getOrDefault(ContainerName.SETTINGS, ""));
    }
}
