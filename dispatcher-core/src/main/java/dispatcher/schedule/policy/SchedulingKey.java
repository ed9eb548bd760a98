package dispatcher.schedule.policy;

import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;

/// What decides which machines a build may go to: builds of one need wait in one queue.
///
/// @param machine  name of the only machine that it may go to; any that fits if empty
/// @param excluded names of machines that it must not go to
public record SchedulingKey(
        String platform,
        SortedSet<String> requiredFeatures,
        SortedMap<String, Long> resources,
        Optional<String> machine,
        Set<String> excluded) {
    public SchedulingKey {
        excluded = Set.copyOf(excluded);
    }

    public static SchedulingKey of(BuildRequest request, Set<String> excluded) {
        return new SchedulingKey(
                request.platform(), request.requiredFeatures(), request.resources(), request.machine(), excluded);
    }

    /// Whether it must not go to the machine of that name, fit or not.
    public boolean excludes(String name) {
        return excluded.contains(name) || (machine.isPresent() && !machine.get().equals(name));
    }

    /// Whether it may go to every machine that fits.
    public boolean excludesNone() {
        return excluded.isEmpty() && machine.isEmpty();
    }
}
