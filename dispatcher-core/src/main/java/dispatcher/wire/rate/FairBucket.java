package dispatcher.wire.rate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The arithmetic of [Uplink]: a token bucket, and which party is next when it is empty.
///
/// Through time `t` no more than `rate * t + burst` bytes are granted. Among parties that want more than there is,
/// each gets the same number of bytes, for any number and size of its requests: the one that got
/// least is next (start-time fair queueing; Goyal, Vin, Cheng, 1996). Who has not been asking
/// does not save up for later, but for a few steps.
///
/// Reads no clock: time moves when a caller brings it. Confined to one thread at a time.
final class FairBucket {
    private static final long NANOS = 1_000_000_000;
    private static final int MAX_STEP = 64 * 1024;
    private static final int MIN_STEP = 512;
    private static final int MAX_BURST = 4 << 20;

    /// How much of what it missed while it did not ask a party gets later. Without that, one with a single stream
    /// would lose a turn whenever it is late with its next request, which one with many streams never is.
    private static final long BACKLOG_STEPS = 4;

    private final long rate;
    private final int step;
    private final int burst;

    /// In billionths of a byte, so that nothing is lost by rounding.
    private long credit;

    private long now;

    /// How far the parties have come, in bytes: the highest position that was served.
    private long served;

    /// Those with requests.
    private final Set<Party> asking = new LinkedHashSet<>();

    /// One of those that share.
    static final class Party {
        private final Deque<Request> requests = new ArrayDeque<>();

        /// Where its next request stands; smaller is sooner.
        private long position;
    }

    /// Some bytes that a party wants to send.
    static final class Request {
        private final Party party;
        private final int bytes;
        private boolean granted;

        private Request(Party party, int bytes) {
            this.party = party;
            this.bytes = bytes;
        }

        Party party() {
            return party;
        }

        int bytes() {
            return bytes;
        }

        boolean isGranted() {
            return granted;
        }
    }

    /// A full bucket.
    ///
    /// @param rate bytes for each second, above 0
    /// @param now  in nanoseconds, as in all other methods
    FairBucket(long rate, long now) {
        if (rate < 1) throw new IllegalArgumentException("a rate of " + rate + " bytes per second sends nothing");
        this.rate = rate;
        this.step = Math.clamp(rate / 32, MIN_STEP, MAX_STEP);
        this.burst = Math.clamp(rate / 8, step, MAX_BURST);
        this.credit = burst * NANOS;
        this.now = now;
    }

    /// The most that may be asked for at once.
    int step() {
        return step;
    }

    /// What may be sent at once after a pause.
    int burst() {
        return burst;
    }

    /// Enters a request, to be granted by [#grant].
    ///
    /// @param bytes from 1 to [#step]
    Request ask(Party party, int bytes) {
        if (bytes < 1 || bytes > step)
            throw new IllegalArgumentException("%d bytes is not from 1 to %d".formatted(bytes, step));
        var request = new Request(party, bytes);
        party.requests.add(request);
        if (asking.add(party)) party.position = Math.max(party.position, served - BACKLOG_STEPS * step);
        return request;
    }

    /// Takes back a request that was not granted.
    void cancel(Request request) {
        var party = request.party;
        if (party.requests.remove(request) && party.requests.isEmpty()) asking.remove(party);
    }

    /// Grants what is due, and returns it.
    List<Request> grant(long time) {
        earn(time);
        List<Request> granted = new ArrayList<>();
        for (var next = next(); next != null && credit >= next.bytes * NANOS; next = next()) {
            credit -= next.bytes * NANOS;
            var party = next.party;
            served = Math.max(served, party.position);
            party.position += next.bytes;
            party.requests.remove();
            if (party.requests.isEmpty()) asking.remove(party);
            next.granted = true;
            granted.add(next);
        }
        return granted;
    }

    private void earn(long time) {
        long elapsed = time - now;
        if (elapsed <= 0) return;
        now = time;
        long missing = burst * NANOS - credit;
        // Divided first, as the product may be beyond counting.
        credit += elapsed >= Math.ceilDiv(missing, rate) ? missing : elapsed * rate;
    }

    /// The request that is granted next, if there is one.
    @Nullable
    Request next() {
        Party first = null;
        for (var party : asking) if (first == null || party.position < first.position) first = party;
        return first == null ? null : first.requests.peek();
    }

    /// How long after the last [#grant] the next request is due, in nanoseconds.
    long due() {
        var next = next();
        return next == null ? Long.MAX_VALUE : Math.max(0, Math.ceilDiv(next.bytes * NANOS - credit, rate));
    }

    /// How many requests wait.
    int waiting() {
        return asking.stream().mapToInt(party -> party.requests.size()).sum();
    }
}
