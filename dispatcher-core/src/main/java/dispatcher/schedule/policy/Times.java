package dispatcher.schedule.policy;

import java.time.Duration;
import java.time.Instant;

/// Points in time as nanoseconds since the epoch, the scheduler's unit.
public final class Times {
    public static final double SECOND = 1e9;

    private Times() {}

    public static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }

    public static Instant instant(long nanos) {
        return Instant.EPOCH.plusNanos(nanos);
    }

    public static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNano() / SECOND;
    }

    /// Saturating, so that something absurdly slow is late and not early.
    public static long after(long nanos, double seconds) {
        double sum = nanos + seconds * SECOND;
        return sum >= Long.MAX_VALUE / 2.0 ? Long.MAX_VALUE / 2 : (long) sum;
    }
}
