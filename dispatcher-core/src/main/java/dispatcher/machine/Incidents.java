package dispatcher.machine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/// How often something, such as a break, has happened to machines lately. This separates machines that break with any
/// build from machines that one build took down. Confined to one thread, or guarded by its owner.
public final class Incidents {
    /// For machines that break.
    public static final Duration LATELY = Duration.ofHours(1);

    private static final int MOST_INCIDENTS = 100;

    private final long lately;

    private final Map<String, ArrayDeque<Long>> times = new HashMap<>();

    /// @param lately how long an incident counts
    public Incidents(Duration lately) {
        this.lately = lately.toNanos();
    }

    /// @param now nanoseconds since any point in time, never less than before
    public void add(String machine, long now) {
        var all = times.computeIfAbsent(machine, _ -> new ArrayDeque<>());
        all.add(now);
        if (all.size() > MOST_INCIDENTS) all.remove();
    }

    public int lately(String machine, long now) {
        var all = times.get(machine);
        if (all == null) return 0;
        all.removeIf(time -> now - time > lately);
        return all.size();
    }

    public void forget(String machine) {
        times.remove(machine);
    }
}
