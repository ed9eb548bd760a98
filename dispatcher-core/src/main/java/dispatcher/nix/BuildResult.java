package dispatcher.nix;

import dispatcher.text.Printable;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// How one build ended, as a builder reports it and a client sees it.
///
/// @param message   shown to the client; empty on success
/// @param timesBuilt 0 if not known
/// @param start     wall clock of the builder, whole seconds; the epoch if not known
/// @param cpuUser   CPU time of the build, in microseconds at best
/// @param outputs   by output name; may be empty for input-addressed outputs even on success
public record BuildResult(
        BuildStatus status,
        String message,
        int timesBuilt,
        boolean nonDeterministic,
        Instant start,
        Instant stop,
        Optional<Duration> cpuUser,
        Optional<Duration> cpuSystem,
        SortedMap<String, Realisation> outputs) {
    public BuildResult {
        outputs = Collections.unmodifiableSortedMap(new TreeMap<>(outputs));
    }

    public static BuildResult of(BuildStatus status, String message) {
        return new BuildResult(
                status,
                message,
                0,
                false,
                Instant.EPOCH,
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>());
    }

    public boolean isSuccess() {
        return status.isSuccess();
    }

    /// The same with a message that is fit to be shown: it may have colours, as Nix's have, and nothing else that a
    /// terminal would act upon.
    public BuildResult printable() {
        return new BuildResult(
                status,
                Printable.coloured(message),
                timesBuilt,
                nonDeterministic,
                start,
                stop,
                cpuUser,
                cpuSystem,
                outputs);
    }

    /// The paths that came out, in the derivation's order: as the derivation says, and where it cannot say, as the
    /// builder says.
    public List<StorePath> outputPaths(BasicDerivation derivation) {
        var paths = new LinkedHashSet<StorePath>();
        for (var output : derivation.outputs().values()) output.path().ifPresent(paths::add);
        outputs.values().stream().map(Realisation::outPath).forEach(paths::add);
        return List.copyOf(paths);
    }

    public BuildResult withOutputs(Map<String, Realisation> newOutputs) {
        return new BuildResult(
                status,
                message,
                timesBuilt,
                nonDeterministic,
                start,
                stop,
                cpuUser,
                cpuSystem,
                new TreeMap<>(newOutputs));
    }
}
