package dispatcher.simulate.policy;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where one build was lost, and so where it may still go: the service's rule for builds whose machines break.
/// Machines are avoided on which it was lost in mid-build, as long as there is another; it is given up when it has
/// been lost three times with machines that have not broken without it in the last hour. Confined to one thread.
final class Losses {
    private static final int MAX_ATTEMPTS = 3;
    private static final int MOST_BEGUN = 3 * MAX_ATTEMPTS;

    private final Map<String, Integer> counts = new HashMap<>();
    private int begun;
    private int unlucky;

    /// @param failures of the machine in the last hour, this one included
    void add(String machine, int failures) {
        begun++;
        if (failures > counts.merge(machine, 1, Integer::sum)) unlucky++;
    }

    boolean exhausted() {
        return begun - unlucky >= MAX_ATTEMPTS || begun >= MOST_BEGUN;
    }

    /// @param usable machines that fit and are not set aside
    Set<String> excluded(List<String> usable) {
        return counts.keySet().containsAll(usable) ? hopeless() : Set.copyOf(counts.keySet());
    }

    /// Machines that it does not go to any more, even if there is no other.
    Set<String> hopeless() {
        var hopeless = new HashSet<String>();
        counts.forEach((machine, count) -> {
            if (count >= MAX_ATTEMPTS) hopeless.add(machine);
        });
        return hopeless;
    }
}
