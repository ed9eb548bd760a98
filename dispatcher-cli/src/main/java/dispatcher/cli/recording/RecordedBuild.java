package dispatcher.cli.recording;

import dispatcher.nix.StorePath;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/// One build, as far as it has gone.
///
/// @param number    in the life of the program
/// @param client    who asked first
/// @param asked     when, in nanoseconds of the recorder's clock
/// @param inputs    the closure
/// @param estimate  on a machine of speed 1
/// @param meanInput bytes of one path among those that were sent for it; 0 if none was
/// @param outputs   path to bytes of its NAR; empty if it failed
/// @param machine   that built it; empty so far
/// @param took      there
/// @param ended     as `asked`
record RecordedBuild(
        long number,
        String name,
        String client,
        long asked,
        String system,
        SortedSet<String> features,
        Set<StorePath> inputs,
        Optional<Duration> estimate,
        SortedMap<String, Long> resources,
        long meanInput,
        Map<StorePath, Long> outputs,
        String machine,
        Duration took,
        long ended) {

    /// One that has only been asked for.
    static RecordedBuild asked(
            long number,
            String name,
            String client,
            long asked,
            String system,
            Set<StorePath> inputs,
            Optional<Duration> estimate,
            SortedMap<String, Long> resources) {
        return new RecordedBuild(
                number,
                name,
                client,
                asked,
                system,
                Collections.emptySortedSet(),
                inputs,
                estimate,
                resources,
                0,
                Map.of(),
                "",
                Duration.ZERO,
                asked);
    }

    RecordedBuild requiring(SortedSet<String> newFeatures) {
        return with(newFeatures, meanInput, outputs, machine, took, ended);
    }

    RecordedBuild copied(long newMeanInput) {
        return with(features, newMeanInput, outputs, machine, took, ended);
    }

    RecordedBuild made(Map<StorePath, Long> newOutputs) {
        return with(features, meanInput, newOutputs, machine, took, ended);
    }

    RecordedBuild ended(String newMachine, Duration newTook, long at) {
        return with(features, meanInput, outputs, newMachine, newTook, at);
    }

    private RecordedBuild with(
            SortedSet<String> newFeatures,
            long newMeanInput,
            Map<StorePath, Long> newOutputs,
            String newMachine,
            Duration newTook,
            long newEnded) {
        return new RecordedBuild(
                number,
                name,
                client,
                asked,
                system,
                newFeatures,
                inputs,
                estimate,
                resources,
                newMeanInput,
                newOutputs,
                newMachine,
                newTook,
                newEnded);
    }
}
