package dispatcher.simulate.model;

import java.time.Duration;

/// A time in which a machine is not there. Builds on it are lost at its beginning, connections are refused at once,
/// and it comes back with the paths that it had.
///
/// @param from   since the start
/// @param length above 0
public record Outage(String machine, Duration from, Duration length) {
    public Outage {
        if (from.isNegative())
            throw new IllegalArgumentException("an outage of %s before the start".formatted(machine));
        if (!length.isPositive())
            throw new IllegalArgumentException("an outage of %s that takes no time".formatted(machine));
    }

    public Duration until() {
        return from.plus(length);
    }
}
