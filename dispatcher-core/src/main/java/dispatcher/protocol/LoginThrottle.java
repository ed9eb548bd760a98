package dispatcher.protocol;

import java.time.Duration;
import java.util.LinkedHashMap;

/// Makes addresses wait from which logins keep failing: twice as long after each, up to a minute. A login that succeeds
/// clears an address, and so do ten minutes without a failure.
///
/// Confined to one thread at a time; reads no clock. Bounded: the addresses whose last failure is longest ago are
/// forgotten.
final class LoginThrottle {
    private static final long FIRST_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_NANOS = Duration.ofMinutes(1).toNanos();
    private static final long FORGOTTEN_NANOS = Duration.ofMinutes(10).toNanos();
    private static final int MOST_ADDRESSES = 10_000;

    private int free;
    /// The one whose last failure is longest ago comes first.
    private final LinkedHashMap<String, Failures> addresses = new LinkedHashMap<>();

    /// @param at when the last one was, in nanoseconds
    private record Failures(int count, long at) {}

    /// @param free failures before there is anything to wait for
    LoginThrottle(int free) {
        this.free = free;
    }

    void change(int newFree) {
        free = newFree;
    }

    /// How long `address` still has to wait; zero if it need not.
    Duration wait(String address, long now) {
        var failures = addresses.get(address);
        if (failures == null || failures.count() < free) return Duration.ZERO;
        long since = now - failures.at();
        if (since >= FORGOTTEN_NANOS) {
            addresses.remove(address);
            return Duration.ZERO;
        }
        int doublings = Math.min(failures.count() - free, 16);
        return Duration.ofNanos(Math.max(0, Math.min(FIRST_NANOS << doublings, LONGEST_NANOS) - since));
    }

    void failed(String address, long now) {
        var before = addresses.remove(address);
        int earlier = before == null || now - before.at() >= FORGOTTEN_NANOS ? 0 : before.count();
        addresses.put(address, new Failures(earlier + 1, now));
        if (addresses.size() > MOST_ADDRESSES) addresses.pollFirstEntry();
    }

    void succeeded(String address) {
        addresses.remove(address);
    }

    int addresses() {
        return addresses.size();
    }
}
