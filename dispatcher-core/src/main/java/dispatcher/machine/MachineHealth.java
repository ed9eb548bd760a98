package dispatcher.machine;

import java.time.Instant;
import java.util.Optional;

/// How a machine has fared lately: a circuit breaker as a value. A machine that fails is set aside until it is
/// seen to answer again. If it fails once more before it has done a build, it is on trial from then on, until it
/// does one.
///
/// @param failures   since it last did a build; those of builds that ran at the same time count once
/// @param asideSince empty if it is not set aside
/// @param lastError  what went wrong last; empty if nothing did
public record MachineHealth(int failures, Optional<Instant> asideSince, String lastError) {
    public static final MachineHealth GOOD = new MachineHealth(0, Optional.empty(), "");

    public boolean isAside() {
        return asideSince.isPresent();
    }

    /// Whether it is to be tried with a single build.
    public boolean isOnTrial() {
        return !isAside() && failures > 1;
    }

    /// It is set aside.
    public MachineHealth failed(Instant now, String error) {
        return isAside()
                ? new MachineHealth(failures, asideSince, error)
                : new MachineHealth(failures + 1, Optional.of(now), error);
    }

    /// It has been seen to work again, but has done no build yet.
    public MachineHealth answered() {
        return new MachineHealth(failures, Optional.empty(), lastError);
    }
}
