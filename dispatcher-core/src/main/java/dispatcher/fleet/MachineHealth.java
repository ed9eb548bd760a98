package dispatcher.fleet;

import java.time.Duration;
import java.time.Instant;

/// How a machine has fared lately: a circuit breaker as a value. After a failure the machine is set aside, each time
/// longer; when that time is over builds try it again, and their success or failure decides.
///
/// @param failures   in a row
/// @param asideUntil not to be used before; the epoch if it never failed
/// @param lastError  what went wrong last; empty if nothing did
public record MachineHealth(int failures, Instant asideUntil, String lastError) {
    public static final MachineHealth GOOD = new MachineHealth(0, Instant.EPOCH, "");
    private static final Duration FIRST = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final int MAX_DOUBLINGS = 6;

    public boolean isAvailable(Instant now) {
        return !now.isBefore(asideUntil);
    }

    /// Set aside for 5 s, then 10 s, 20 s … up to 5 minutes. Failures of builds that ran at the same time count once.
    public MachineHealth failed(Instant now, String error) {
        if (!isAvailable(now)) return new MachineHealth(failures, asideUntil, error);
        var backoff = FIRST.multipliedBy(1L << Math.min(failures, MAX_DOUBLINGS));
        if (backoff.compareTo(LONGEST) > 0) backoff = LONGEST;
        return new MachineHealth(failures + 1, now.plus(backoff), error);
    }
}
