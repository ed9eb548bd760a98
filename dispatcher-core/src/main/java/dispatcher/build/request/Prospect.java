package dispatcher.build.request;

import dispatcher.schedule.policy.BuildRequest;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the scheduler would get to know of a build if a client asked for it now.
///
/// @param inputs  paths that it needs on its machine, as far as is known here
/// @param unknown how many of these are of unknown size, and count as nothing
public record Prospect(BuildRequest request, int inputs, int unknown) {
    /// The same, but with other amounts of these resources.
    public Prospect taking(SortedMap<String, Long> amounts) {
        var taken = new TreeMap<>(request.resources());
        taken.putAll(amounts);
        return new Prospect(request.withResources(taken), inputs, unknown);
    }
}
