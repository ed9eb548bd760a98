package dispatcher.schedule;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/// The time of day when it was made, and what has gone by since. When the host's clock is set, forwards or
/// back, this one goes on as it was: waits end when they should, and nothing looks old that is not. Safe for
/// any thread.
public final class SteadyClock implements InstantSource {
    private final Instant start;
    private final LongSupplier nanoTime;
    private final long startNanos;

    public SteadyClock() {
        this(InstantSource.system(), System::nanoTime);
    }

    /// @param wall     asked once, for the time of day
    /// @param nanoTime counts nanoseconds from anywhere, and is never set
    SteadyClock(InstantSource wall, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
        this.start = wall.instant();
    }

    @Override
    public Instant instant() {
        return start.plusNanos(nanoTime.getAsLong() - startNanos);
    }
}
