package dispatcher.history;

/// What is known of one machine. Immutable.
///
/// @param configured   its speed as the settings have it, or had it when it was last in them
/// @param speeds       natural logarithms of what each of the last builds showed its speed to be
/// @param copiedBytes  that went there, those of earlier copies counted less and less
/// @param copySeconds  during which they went, likewise
/// @param copiedUntil  up to when time has been counted in `copySeconds`; nanoseconds, of this process only
public record MachineHistory(
        double configured, Window speeds, double copiedBytes, double copySeconds, long copiedUntil) {
    static final int MOST_SPEEDS = 31;
    /// The number of builds that count as much as the settings do.
    private static final int WEIGHT_OF_SETTINGS = 5;

    private static final double FARTHEST = Math.log(4);
    /// What an earlier copy counts after one more. About the last ten matter.
    private static final double FADING = 0.9;

    static MachineHistory of(double configured) {
        return new MachineHistory(configured, Window.EMPTY, 0, 0, Long.MIN_VALUE);
    }

    /// One that was written down.
    ///
    /// @throws IllegalArgumentException if it cannot have been
    public static MachineHistory restored(double configured, Window speeds, double copiedBytes, double copySeconds) {
        if (!(configured > 0) || !Float.isFinite((float) configured))
            throw new IllegalArgumentException("a speed of " + configured);
        return new MachineHistory(
                configured,
                speeds.requireWithin(MOST_SPEEDS, Double.NEGATIVE_INFINITY),
                Window.requireNumber(copiedBytes),
                Window.requireNumber(copySeconds),
                Long.MIN_VALUE);
    }

    MachineHistory withConfigured(double speed) {
        return new MachineHistory(speed, speeds, copiedBytes, copySeconds, copiedUntil);
    }

    MachineHistory withSpeed(double speed) {
        return new MachineHistory(
                configured, speeds.with(Math.log(speed), MOST_SPEEDS), copiedBytes, copySeconds, copiedUntil);
    }

    /// The median of what was measured, drawn towards the settings where little was, and at most four times as
    /// much or as little as they say.
    double effectiveSpeed() {
        int n = speeds.size();
        if (n == 0) return configured;
        double off = Quantiles.median(speeds.toArray()) - Math.log(configured);
        double believed = off * n / (n + WEIGHT_OF_SETTINGS);
        return configured * Math.exp(Math.clamp(believed, -FARTHEST, FARTHEST));
    }

    /// Copies at the same time share the way, so time during which several went counts once.
    MachineHistory copied(long bytes, long begun, long ended) {
        long from = copiedUntil == Long.MIN_VALUE ? begun : Math.max(begun, copiedUntil);
        return new MachineHistory(
                configured,
                speeds,
                copiedBytes * FADING + bytes,
                copySeconds * FADING + Math.max(0, ended - from) / 1e9,
                Math.max(ended, from));
    }

    boolean hasCopied() {
        return copiedBytes > 0 && copySeconds > 0;
    }

    /// Bytes per second.
    double bandwidth() {
        return copiedBytes / copySeconds;
    }
}
