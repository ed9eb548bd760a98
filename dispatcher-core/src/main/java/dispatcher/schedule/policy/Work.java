package dispatcher.schedule.policy;

import java.time.Duration;

/// What a build is expected to take.
///
/// @param expected  wall-clock time on a machine of speed 1, copying not counted
/// @param known     whether that has been seen, and is not just assumed
/// @param remaining the longest chain of builds from this one on, itself included, on machines of speed 1
public record Work(Duration expected, boolean known, Duration remaining) {
    /// What is assumed where nothing is known.
    public static final Work UNKNOWN = assumed(Duration.ofSeconds(30));

    public Work {
        if (expected.isNegative()) throw new IllegalArgumentException("expected time " + expected + " is negative");
        if (remaining.compareTo(expected) < 0) remaining = expected;
    }

    /// A build that takes about so long, and that nothing is known to wait for.
    public static Work of(Duration expected) {
        return new Work(expected, true, expected);
    }

    /// A build of which nothing is known; it counts as taking so long.
    public static Work assumed(Duration expected) {
        return new Work(expected, false, expected);
    }
}
