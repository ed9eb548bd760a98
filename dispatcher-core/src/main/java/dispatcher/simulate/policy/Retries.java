package dispatcher.simulate.policy;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/// How Hydra tries a step again whose machine broke: later each time, five times in all. Confined to one thread.
final class Retries {
    private static final int MAX_TRIES = 5;
    private static final Duration FIRST = Duration.ofSeconds(60);

    private final Map<Integer, Integer> tries = new HashMap<>();
    private final Map<Integer, Instant> after = new HashMap<>();

    /// @param more on top of the pause
    /// @return whether it is tried again
    boolean failed(int job, Instant now, Duration more) {
        int failures = tries.merge(job, 1, Integer::sum);
        if (failures >= MAX_TRIES) {
            tries.remove(job);
            after.remove(job);
            return false;
        }
        after.put(job, now.plus(pause(failures)).plus(more));
        return true;
    }

    /// 60 s, 180 s, 540 s …
    static Duration pause(int failures) {
        return FIRST.multipliedBy(Math.round(Math.pow(3, failures - 1)));
    }

    boolean isDue(int job, Instant now) {
        return !now.isBefore(dueAt(job));
    }

    Instant dueAt(int job) {
        return after.getOrDefault(job, Instant.MIN);
    }
}
