package dispatcher.schedule.policy;

import dispatcher.nix.StorePath;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/// What the scheduler must know of a build to find a machine for it.
///
/// @param requiredFeatures system features that the machine must have
public record BuildRequest(StorePath drvPath, String platform, SortedSet<String> requiredFeatures) {
    public BuildRequest {
        requiredFeatures = Collections.unmodifiableSortedSet(new TreeSet<>(requiredFeatures));
    }
}
