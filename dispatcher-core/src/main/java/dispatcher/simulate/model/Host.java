package dispatcher.simulate.model;

import dispatcher.machine.Machine;
import java.time.Duration;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/// A machine as it is, beside what the settings say of it.
///
/// @param machine   what the policies see; its `speedFactor` need not be true
/// @param speed     a build of 60 s takes 60 s / speed, regardless of what else runs there
/// @param bandwidth bytes per second, each way, shared by all that is copied at the same time
/// @param latency   before the first byte of what is copied for a build
/// @param holds     paths that are there at the start
public record Host(Machine machine, double speed, double bandwidth, Duration latency, Set<String> holds) {
    public Host {
        if (!(speed > 0) || Double.isInfinite(speed))
            throw new IllegalArgumentException("speed %s of %s is not above 0".formatted(speed, machine.name()));
        if (!(bandwidth > 0))
            throw new IllegalArgumentException(
                    "bandwidth %s of %s is not above 0".formatted(bandwidth, machine.name()));
        if (latency.isNegative())
            throw new IllegalArgumentException("latency of %s is below 0".formatted(machine.name()));
        holds = Collections.unmodifiableSet(new TreeSet<>(holds));
    }

    /// As fast as it says, with nothing on it.
    public static Host of(Machine machine, double bandwidth, Duration latency) {
        return new Host(machine, machine.speedFactor(), bandwidth, latency, Set.of());
    }

    public String name() {
        return machine.name();
    }

    /// How long a build takes here.
    ///
    /// @param work on a machine of speed 1
    public Duration time(Duration work) {
        return Duration.ofNanos(Math.round(work.toNanos() / speed));
    }
}
