package dispatcher.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// How many requests each client may make: a number per second, and twice as many at once after a pause. All
/// connections with one credential share it, so a new connection gains nothing. Requests beyond it wait. Safe for any
/// thread.
///
/// The limiter of resilience4j does not have this shape: it gives out the requests of a whole window at its begin, so a
/// client that is over its burst would have 20 at once each two seconds instead of one each tenth, and it returns false
/// when its thread is interrupted.
///
/// Remembers each credential that was ever used, of which there are as many as keys and local users.
public final class RequestRate {
    private static final long NANOS = 1_000_000_000;
    private static final long BURST_NANOS = 2 * NANOS;

    private volatile int perSecond;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private final ReentrantLock lock = new ReentrantLock();

    /// By credential: when all earlier requests would have been made at the allowed rate.
    @GuardedBy("lock")
    private final Map<String, Long> paidUntil = new HashMap<>();

    /// Waits.
    interface Pause {
        void nanos(long nanos) throws InterruptedException;
    }

    /// What is asked before each request; waits if it is too early for it.
    public interface Gate {
        Gate OPEN = () -> {};

        void await() throws InterruptedException;
    }

    public RequestRate(int perSecond) {
        this(perSecond, System::nanoTime, nanos -> Thread.sleep(nanos / 1_000_000, (int) (nanos % 1_000_000)));
    }

    RequestRate(int perSecond, LongSupplier nanoTime, Pause pause) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
        this.pause = pause;
    }

    /// From the next request on, of clients that are here too.
    public void change(int newPerSecond) {
        perSecond = newPerSecond;
    }

    /// The gate of one client.
    public Gate of(String credential) {
        return () -> {
            long wait = take(credential);
            if (wait > 0) pause.nanos(wait);
        };
    }

    /// @return nanoseconds to wait before the request
    private long take(String credential) {
        long now = nanoTime.getAsLong();
        lock.lock();
        try {
            long earliest = now - BURST_NANOS;
            long before = paidUntil.getOrDefault(credential, earliest);
            long paid = (before - earliest < 0 ? earliest : before) + NANOS / perSecond;
            paidUntil.put(credential, paid);
            return paid - now;
        } finally {
            lock.unlock();
        }
    }
}
