package dispatcher.build.placement;

import dispatcher.schedule.policy.Placement;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Why a build went to a machine, as it was then. What is said of other machines may be some milliseconds older than
/// the choice itself; with a very large fleet, up to a second.
///
/// @param chosen     what spoke for its machine, exactly as the scheduler compared it
/// @param others     the best of the machines that had a free slot for it too, the best first
/// @param free       how many had a free slot for it too, those in `others` included
/// @param objections why the other machines did not get it, to how many of them
public record PlacementAccount(
        Placement chosen, List<Placement> others, int free, SortedMap<String, Integer> objections) {
    /// Of the other machines that had a free slot.
    public static final int MOST_OTHERS = 4;

    /// Reasons that are counted apart.
    public static final int MOST_REASONS = 16;

    public PlacementAccount {
        others = List.copyOf(others);
        objections = Collections.unmodifiableSortedMap(new TreeMap<>(objections));
        if (free < others.size()) throw new IllegalArgumentException(free + " free machines, of which some are shown");
    }

    /// How many machines there were.
    public int machines() {
        return 1
                + free
                + objections.values().stream().mapToInt(Integer::intValue).sum();
    }
}
