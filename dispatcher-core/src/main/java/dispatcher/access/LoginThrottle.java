package dispatcher.access;

import java.time.Duration;
import java.util.LinkedHashMap;

/// Knows from which addresses logins keep failing, over SSH or on the page. Failures add up and fade with time, one
/// every five seconds. So an address that fails now and then, such as a check that only tests whether the port is open,
/// is never throttled. A login that succeeds clears an address.
///
/// No rate limiter of a library does that: it is asked about an address without taking anything from it, and what fails
/// weighs more or less.
///
/// Confined to one thread at a time; reads no clock. Bounded: the addresses whose last failure is longest ago are
/// forgotten.
public final class LoginThrottle {
    /// A wrong key, or a place held for long without any.
    public static final double FAILURE = 1;

    /// Gone at once without showing a key: a scan, or a check of the port.
    static final double GLANCE = 0.2;

    private static final double FADING_NANOS = Duration.ofSeconds(5).toNanos();

    /// What an address may have beyond the free ones, so that it is forgiven within a minute of its last failure.
    private static final double MOST_BEYOND = 12;

    private static final int MOST_ADDRESSES = 10_000;

    private int free;
    /// The one whose last failure is longest ago comes first.
    private final LinkedHashMap<String, Failures> addresses = new LinkedHashMap<>();

    /// @param at when the last one was, in nanoseconds
    private record Failures(double count, long at) {
        double left(long now) {
            return Math.max(0, count - (now - at) / FADING_NANOS);
        }
    }

    /// @param free failures before an address counts as one whose logins keep failing
    public LoginThrottle(int free) {
        this.free = free;
    }

    void change(int newFree) {
        free = newFree;
    }

    /// Whether logins from `address` keep failing.
    public boolean isFailing(String address, long now) {
        var failures = addresses.get(address);
        if (failures == null) return false;
        double left = failures.left(now);
        if (left == 0) addresses.remove(address);
        return left > free - 1;
    }

    /// @param weight [#FAILURE] or [#GLANCE]
    public void failed(String address, double weight, long now) {
        var before = addresses.remove(address);
        double count = (before == null ? 0 : before.left(now)) + weight;
        addresses.put(address, new Failures(Math.min(count, free + MOST_BEYOND), now));
        if (addresses.size() > MOST_ADDRESSES) addresses.pollFirstEntry();
    }

    public void succeeded(String address) {
        addresses.remove(address);
    }

    int addresses() {
        return addresses.size();
    }
}
