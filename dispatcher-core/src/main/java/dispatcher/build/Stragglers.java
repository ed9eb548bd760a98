package dispatcher.build;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.DerivationOutput;
import dispatcher.schedule.policy.Work;
import dispatcher.store.BuildOptions;
import dispatcher.store.BuildOptions.BuildMode;
import java.time.Duration;

/// Which builds count as stragglers, and may be begun a second time on another machine.
///
/// @param factor over the expected time, copying included, that a build must have taken; infinite for no build
/// @param least  that it must have taken more than expected, for any factor
/// @param look   how often to look for such builds and for machines that could take them
public record Stragglers(double factor, Duration least, Duration look) {
    /// By how much a build must be late, unless the settings say otherwise.
    public static final Duration LEAST = Duration.ofMinutes(1);

    private static final Duration SELDOMMEST_LOOK = Duration.ofSeconds(5);
    private static final Duration QUICKEST_LOOK = Duration.ofMillis(100);
    private static final int LOOKS = 12;

    /// No build is begun a second time.
    public static final Stragglers OFF = after(Double.POSITIVE_INFINITY, LEAST);

    public Stragglers {
        if (!(factor > 1)) throw new IllegalArgumentException("a factor of %s is not above 1".formatted(factor));
        if (!look.isPositive()) throw new IllegalArgumentException("a look every " + look);
    }

    /// Builds that have taken `factor` times the expected duration, and at least `least` more. The search runs every
    /// five seconds, or more often if that would be late.
    public static Stragglers after(double factor, Duration least) {
        var look = least.dividedBy(LOOKS);
        if (look.compareTo(SELDOMMEST_LOOK) > 0) look = SELDOMMEST_LOOK;
        if (look.compareTo(QUICKEST_LOOK) < 0) look = QUICKEST_LOOK;
        return new Stragglers(factor, least, look);
    }

    /// Whether a build can become one: only if it is known what it takes, and both attempts make the
    /// same paths. A build whose content is known beforehand does not count: what it fetches comes no
    /// sooner to another machine.
    boolean mayBe(BasicDerivation derivation, BuildOptions options, Work work) {
        return factor < Double.POSITIVE_INFINITY
                && work.known()
                && options.mode() == BuildMode.NORMAL
                && derivation.outputs().values().stream().allMatch(DerivationOutput.InputAddressed.class::isInstance);
    }

    /// Whether a build that has taken this long is a straggler.
    boolean isFarOver(Duration expected, Duration taken) {
        return taken.toNanos() > expected.toNanos() * factor
                && taken.minus(expected).compareTo(least) >= 0;
    }
}
