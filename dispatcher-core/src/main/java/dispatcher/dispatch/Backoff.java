package dispatcher.dispatch;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to leave a machine alone before it is looked at again: 1 s, then 2 s, 4 s … up to 5 minutes, each a quarter
/// longer or shorter at random, so that machines which broke together are not looked at together for ever.
final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final int MAX_DOUBLINGS = 9;

    private Backoff() {}

    /// @param failures in a row, from 1
    static Duration after(int failures, RandomGenerator random) {
        var whole = FIRST.multipliedBy(1L << Math.clamp(failures - 1L, 0, MAX_DOUBLINGS));
        if (whole.compareTo(LONGEST) > 0) whole = LONGEST;
        return Duration.ofNanos((long) (whole.toNanos() * (0.75 + random.nextDouble() / 2)));
    }
}
