package dispatcher.build.placement;

import java.util.SortedMap;
import java.util.TreeMap;

/// Counts machines by what speaks against them; of very many reasons the later ones together. Confined to one thread.
final class ObjectionTally {
    private static final String OTHER = "other reasons";

    private final SortedMap<String, Integer> counts = new TreeMap<>();

    void add(String reason, int machines) {
        if (machines <= 0) return;
        boolean isNew = !counts.containsKey(reason) && counts.size() >= PlacementAccount.MOST_REASONS;
        counts.merge(isNew ? OTHER : reason, machines, Integer::sum);
    }

    SortedMap<String, Integer> counts() {
        return counts;
    }
}
