package dispatcher.machine;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Whether a machine is up, as far as is known at one moment, and how long it takes until it is.
///
/// @param takes    from its start until it can have builds, as expected; zero if it is up
/// @param since    when it was started; empty if it is up, or off
/// @param withheld why it gets no builds though it could be up; empty if it gets some
public record Boot(Duration takes, Optional<Instant> since, String withheld) {
    /// Of a machine that is up. So is one that is always on.
    public static final Boot UP = new Boot(Duration.ZERO, Optional.empty(), "");

    /// What is expected of a machine that was never started.
    public static final Duration ASSUMED = Duration.ofSeconds(30);

    /// No start counts as quicker: what is expected of it is never nothing.
    private static final Duration LEAST = Duration.ofMillis(100);

    public Boot {
        if (takes.isNegative()) throw new IllegalArgumentException("a start that takes " + takes);
        if (takes.isZero() && since.isPresent()) throw new IllegalArgumentException("a machine that is up is starting");
    }

    public static Boot off(Duration takes) {
        return new Boot(atLeast(takes), Optional.empty(), "");
    }

    public static Boot starting(Duration takes, Instant since) {
        return new Boot(atLeast(takes), Optional.of(since), "");
    }

    private static Duration atLeast(Duration takes) {
        return takes.compareTo(LEAST) < 0 ? LEAST : takes;
    }

    public Boot withheld(String why) {
        return new Boot(takes, since, why);
    }

    public boolean isUp() {
        return takes.isZero();
    }

    /// What it should still take; of a machine that is off, if it was started now. Zero if it is up, or should be.
    public Duration left(Instant now) {
        var ahead = takes.minus(since.map(then -> Duration.between(then, now)).orElse(Duration.ZERO));
        return ahead.isNegative() ? Duration.ZERO : ahead;
    }
}
