package dispatcher.schedule.policy;

import dispatcher.nix.StorePath;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// What the scheduler must know of a build to find a machine for it.
///
/// @param requiredFeatures system features that the machine must have
/// @param client           who wants it
/// @param work             what it is expected to take
/// @param inputs           what it needs on the machine
/// @param resources        what it takes of the machine while it runs, by name, in the units of the settings
/// @param machine          name of the only machine that it may go to; any that fits if empty
public record BuildRequest(
        StorePath drvPath,
        String platform,
        SortedSet<String> requiredFeatures,
        Client client,
        Work work,
        Inputs inputs,
        SortedMap<String, Long> resources,
        Optional<String> machine) {
    public BuildRequest {
        requiredFeatures = Collections.unmodifiableSortedSet(new TreeSet<>(requiredFeatures));
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    }

    /// Anybody's, of which nothing more is known.
    public BuildRequest(StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
        this(
                drvPath,
                platform,
                requiredFeatures,
                Client.ANYBODY,
                Work.UNKNOWN,
                Inputs.NONE,
                new TreeMap<>(),
                Optional.empty());
    }

    public BuildRequest withClient(Client newClient) {
        return new BuildRequest(drvPath, platform, requiredFeatures, newClient, work, inputs, resources, machine);
    }

    public BuildRequest withWork(Work newWork) {
        return new BuildRequest(drvPath, platform, requiredFeatures, client, newWork, inputs, resources, machine);
    }

    public BuildRequest withInputs(Inputs newInputs) {
        return new BuildRequest(drvPath, platform, requiredFeatures, client, work, newInputs, resources, machine);
    }

    public BuildRequest withResources(SortedMap<String, Long> newResources) {
        return new BuildRequest(drvPath, platform, requiredFeatures, client, work, inputs, newResources, machine);
    }

    /// For that machine only, or for any that fits.
    public BuildRequest withMachine(Optional<String> newMachine) {
        return new BuildRequest(drvPath, platform, requiredFeatures, client, work, inputs, resources, newMachine);
    }
}
