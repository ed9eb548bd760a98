package dispatcher.store;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/// What a client asks of a build beside its derivation. A zero means no limit.
///
/// @param mode        what is to be done if the outputs are there already
/// @param maxSilent   how long the build may go without a log line
/// @param timeout     how long the build may take
/// @param maxLogBytes how large the log may grow
/// @param keepFailed  leave the build directory of a failed build on the machine
public record BuildOptions(BuildMode mode, Duration maxSilent, Duration timeout, long maxLogBytes, boolean keepFailed) {
    public static final BuildOptions DEFAULT =
            new BuildOptions(BuildMode.NORMAL, Duration.ZERO, Duration.ZERO, 0, false);

    /// What to do about outputs that are there already.
    public enum BuildMode {
        NORMAL(0),
        /// Build again to mend a corrupt output.
        REPAIR(1),
        /// Build again to see whether the outputs come out the same.
        CHECK(2);

        private final int number;

        BuildMode(int number) {
            this.number = number;
        }

        /// The number on the wire.
        public int number() {
            return number;
        }

        /// Empty for a number that Nix does not have.
        public static Optional<BuildMode> of(long number) {
            return Arrays.stream(values()).filter(mode -> mode.number == number).findFirst();
        }
    }

    /// The same, with a log of no more than `most` bytes.
    public BuildOptions withLogLimit(long most) {
        long bytes = maxLogBytes == 0 ? most : Math.min(most, maxLogBytes);
        return new BuildOptions(mode, maxSilent, timeout, bytes, keepFailed);
    }

    /// The same with the limits of `defaults` where there are none.
    public BuildOptions orLimitsOf(BuildOptions defaults) {
        return new BuildOptions(
                mode,
                maxSilent.isPositive() ? maxSilent : defaults.maxSilent,
                timeout.isPositive() ? timeout : defaults.timeout,
                maxLogBytes > 0 ? maxLogBytes : defaults.maxLogBytes,
                keepFailed);
    }

    public BuildOptions withMode(BuildMode newMode) {
        return new BuildOptions(newMode, maxSilent, timeout, maxLogBytes, keepFailed);
    }
}
