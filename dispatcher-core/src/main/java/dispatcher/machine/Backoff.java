package dispatcher.machine;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to leave a machine alone before it is looked at again: 1 s at first, and from 20 s on a twentieth
/// of the time that it has been away, so that it is used again soon after it is back, however long that took.
/// One that answers but does no build is left alone longer each time: 2 s, 4 s …
///
/// Each time a quarter longer or shorter at random, so that machines which broke together are not looked at together
/// for ever. Never longer than 5 minutes.
///
/// A machine that gave a false answer is left alone for 5 minutes, 10, 20 … and a day at most, whatever it does
/// meanwhile.
public final class Backoff {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /// What is a quarter longer than this is the longest.
    private static final Duration LONGEST_ON_AVERAGE = Duration.ofMinutes(4);

    private static final int PART = 20;
    private static final int MAX_DOUBLINGS = 9;

    private static final Duration LONGEST_AFTER_LIES = Duration.ofDays(1);

    private Backoff() {}

    /// @param failures how often it has been set aside since it last did a build, from 1
    /// @param away     since it was last set aside
    public static Duration after(int failures, Duration away, RandomGenerator random) {
        var whole = FIRST.multipliedBy(1L << Math.clamp(failures - 1L, 0, MAX_DOUBLINGS));
        var part = away.dividedBy(PART);
        if (part.compareTo(whole) > 0) whole = part;
        if (whole.compareTo(LONGEST_ON_AVERAGE) > 0) whole = LONGEST_ON_AVERAGE;
        return Duration.ofNanos((long) (whole.toNanos() * (0.75 + random.nextDouble() / 2)));
    }

    /// @param lies of a machine lately, from 1
    public static Duration afterLies(int lies) {
        var whole = LONGEST.multipliedBy(1L << Math.clamp(lies - 1L, 0, MAX_DOUBLINGS));
        return whole.compareTo(LONGEST_AFTER_LIES) > 0 ? LONGEST_AFTER_LIES : whole;
    }
}
