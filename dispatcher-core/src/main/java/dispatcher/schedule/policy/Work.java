package dispatcher.schedule.policy;

import java.time.Duration;

/// What a build is expected to take.
///
/// @param expected  wall-clock time on a machine of speed 1, copying not counted
/// @param basis     what that rests on
/// @param remaining the longest chain of builds from this one on, itself included, on machines of speed 1
public record Work(Duration expected, Basis basis, Duration remaining) {
    /// From the best to the worst.
    public enum Basis {
        /// Builds of the same package.
        SEEN,
        /// The durations of other builds.
        OTHERS,
        /// No build at all: a number that was never measured, and that no person is shown.
        NONE
    }

    /// What is assumed where nothing is known.
    public static final Work UNKNOWN = unmeasured(Duration.ofSeconds(30));

    public Work {
        if (expected.isNegative()) throw new IllegalArgumentException("expected time " + expected + " is negative");
        if (remaining.compareTo(expected) < 0) remaining = expected;
    }

    /// @param known whether builds of the same package have been seen
    public Work(Duration expected, boolean known, Duration remaining) {
        this(expected, known ? Basis.SEEN : Basis.OTHERS, remaining);
    }

    /// A build that takes about `expected`, and that no other build is known to wait for.
    public static Work of(Duration expected) {
        return new Work(expected, Basis.SEEN, expected);
    }

    /// A build that has not been seen before; it counts as taking `expected`, the duration of other builds.
    public static Work assumed(Duration expected) {
        return new Work(expected, Basis.OTHERS, expected);
    }

    /// A build where no other has been seen either; it counts as taking `expected`.
    public static Work unmeasured(Duration expected) {
        return new Work(expected, Basis.NONE, expected);
    }

    /// Whether the same package has been built before.
    public boolean known() {
        return basis == Basis.SEEN;
    }

    /// Whether what is expected rests on anything that was seen.
    public boolean isMeasured() {
        return basis != Basis.NONE;
    }
}
