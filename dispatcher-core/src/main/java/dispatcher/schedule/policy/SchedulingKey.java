package dispatcher.schedule.policy;

import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/// What decides which machines a build may go to: builds of one need wait in one queue.
///
/// @param excluded names of machines that it must not go to
public record SchedulingKey(
        String platform, SortedSet<String> requiredFeatures, SortedMap<String, Long> resources, Set<String> excluded) {
    public SchedulingKey {
        excluded = Set.copyOf(excluded);
    }

    public static SchedulingKey of(BuildRequest request, Set<String> excluded) {
        return new SchedulingKey(request.platform(), request.requiredFeatures(), request.resources(), excluded);
    }
}
