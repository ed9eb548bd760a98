package dispatcher.cli.recording;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StorePath;
import dispatcher.simulate.model.Host;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;

/// What a recorder asks for, beside the events that it gets. Safe for any thread; answers without waiting.
public interface RecordingFacts {
    /// The machines as they have proved to be so far.
    List<Host> hosts();

    /// What history says that a build takes on a machine of speed 1; empty if it knows none like it.
    Optional<Duration> estimate(StorePath drvPath, BasicDerivation derivation);

    /// What a build takes of its machine's resources.
    SortedMap<String, Long> resources(StorePath drvPath, BasicDerivation derivation);

    /// Bytes of a path's NAR, if they are known.
    OptionalLong narSize(StorePath path);
}
