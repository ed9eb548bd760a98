package dispatcher.history;

import java.time.Duration;
import java.util.OptionalLong;

/// What a build is expected to take on a machine of speed 1; elsewhere the durations are divided by the machine's
/// speed.
///
/// @param median     as many builds took longer as took less
/// @param high       nine of ten took no longer; more than that where there have been few
/// @param peakMemory bytes; the most that any of the last builds took, if a machine reported it
/// @param samples    builds that this rests on; 0 for the default
/// @param basis      what they have in common with the one that is asked for
public record Estimate(Duration median, Duration high, OptionalLong peakMemory, int samples, Basis basis) {
    /// From the best to the worst.
    public enum Basis {
        /// Builds of the same package for the same system.
        PACKAGE,
        /// Builds of the same package for other systems.
        NAME,
        /// Builds for the system of packages whose names begin alike.
        KIN,
        /// Builds for the system that the same client asked for.
        CLIENT,
        /// All builds for the system.
        SYSTEM,
        /// All builds.
        ALL,
        /// Nothing is known.
        DEFAULT
    }

    /// @param seconds of builds on a machine of speed 1; not empty; sorted by this
    static Estimate of(double[] seconds, OptionalLong peakMemory, Basis basis) {
        double median = Quantiles.median(seconds);
        // One build says little of how far the next one may be from it.
        double atLeast = median * (1 + 2.0 / (seconds.length + 1));
        double high = Math.max(Quantiles.atLeast(0.9, seconds), seconds.length < 10 ? atLeast : median);
        return new Estimate(duration(median), duration(high), peakMemory, seconds.length, basis);
    }

    static Duration duration(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
