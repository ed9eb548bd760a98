package dispatcher.schedule.policy;

/// When a build that should have ended will end.
public final class Lateness {
    /// A late build is expected to take this much longer, as a part of what it has taken. A build of an unknown kind
    /// counts as half over.
    private static final double LATE = 0.25;

    private static final double LATE_IF_UNKNOWN = 1;

    private static final double LATE_AT_LEAST = 1;

    private Lateness() {}

    /// @param isKnown whether the same package has been built before
    /// @return later than `now`; like the others in nanoseconds since the epoch
    public static long end(long start, boolean isKnown, long now) {
        double part = isKnown ? LATE : LATE_IF_UNKNOWN;
        double late = (now - start) / Times.SECOND * part;
        return Times.after(now, Math.max(LATE_AT_LEAST, late));
    }
}
