package dispatcher.simulate.model;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// A build that a client wants.
///
/// @param id          unique in the scenario
/// @param name        of the derivation, with its version
/// @param client      who wants it
/// @param asked       since the start; the client asks no earlier, and not before all `needs` are built
/// @param platform    that it is for
/// @param features    that its machine must have
/// @param work        building time on a machine of speed 1; above 0
/// @param estimate    what history says of `work`; empty where it says nothing
/// @param needs       ids of the builds whose outputs are its inputs
/// @param inputs      further paths that must be on its machine, which the client has
/// @param outputBytes of its output's NAR
/// @param resources   what it takes of its machine
public record Job(
        String id,
        String name,
        String client,
        Duration asked,
        String platform,
        SortedSet<String> features,
        Duration work,
        Optional<Duration> estimate,
        List<String> needs,
        List<String> inputs,
        long outputBytes,
        SortedMap<String, Long> resources) {
    public Job {
        if (id.isBlank()) throw new IllegalArgumentException("a build has an id");
        if (asked.isNegative()) throw new IllegalArgumentException("build %s is wanted before the start".formatted(id));
        if (!work.isPositive()) throw new IllegalArgumentException("build %s takes no time".formatted(id));
        if (outputBytes < 0) throw new IllegalArgumentException("output of build %s is below 0".formatted(id));
        features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
        needs = List.copyOf(needs);
        inputs = List.copyOf(inputs);
        resources = Collections.unmodifiableSortedMap(new TreeMap<>(resources));
    }

    /// One for `x86_64-linux` that needs nothing and leaves nothing, wanted at the start, its time well known.
    public static Job of(String id, String client, Duration work) {
        return new Job(
                id,
                id,
                client,
                Duration.ZERO,
                "x86_64-linux",
                Collections.emptySortedSet(),
                work,
                Optional.of(work),
                List.of(),
                List.of(),
                0,
                Collections.emptySortedMap());
    }

    public Job named(String newName) {
        return with(newName, asked, features, estimate, needs, inputs, outputBytes, resources);
    }

    public Job askedAt(Duration since) {
        return with(name, since, features, estimate, needs, inputs, outputBytes, resources);
    }

    public Job requiring(List<String> newFeatures) {
        return with(name, asked, new TreeSet<>(newFeatures), estimate, needs, inputs, outputBytes, resources);
    }

    public Job estimated(Optional<Duration> newEstimate) {
        return with(name, asked, features, newEstimate, needs, inputs, outputBytes, resources);
    }

    public Job needing(List<String> newNeeds) {
        return with(name, asked, features, estimate, newNeeds, inputs, outputBytes, resources);
    }

    public Job reading(List<String> newInputs) {
        return with(name, asked, features, estimate, needs, newInputs, outputBytes, resources);
    }

    public Job leaving(long bytes) {
        return with(name, asked, features, estimate, needs, inputs, bytes, resources);
    }

    public Job taking(SortedMap<String, Long> newResources) {
        return with(name, asked, features, estimate, needs, inputs, outputBytes, newResources);
    }

    private Job with(
            String newName,
            Duration newAsked,
            SortedSet<String> newFeatures,
            Optional<Duration> newEstimate,
            List<String> newNeeds,
            List<String> newInputs,
            long newOutputBytes,
            SortedMap<String, Long> newResources) {
        return new Job(
                id,
                newName,
                client,
                newAsked,
                platform,
                newFeatures,
                work,
                newEstimate,
                newNeeds,
                newInputs,
                newOutputBytes,
                newResources);
    }
}
