package dispatcher.cli.events;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.cli.api.event.FleetEvent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The last events, numbered. Who adds one never waits for who reads; a reader that comes too late for some learns how
/// many it has missed. Safe for any thread.
final class EventRing {
    /// Events that one call returns at most.
    private static final int MOST_AT_ONCE = 1_000;

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();

    @GuardedBy("lock")
    private final @Nullable FleetEvent[] events;

    @GuardedBy("lock")
    private long last;

    /// @param size how many events are kept
    EventRing(int size, InstantSource clock) {
        this.clock = clock;
        this.events = new FleetEvent[size];
    }

    void add(FleetEvent.Draft event) {
        lock.lock();
        try {
            last++;
            events[(int) (last % events.length)] = event.numbered(last, clock.instant());
            added.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The number of the last event so far; 0 if there is none.
    long last() {
        lock.lock();
        try {
            return last;
        } finally {
            lock.unlock();
        }
    }

    /// Events after number `after`, the oldest first, perhaps not all. If some are not kept any more, a mark says so
    /// in their place. A number that is not there yet, as of an earlier life of the program, is as 0.
    ///
    /// @param timeout for the first of them; none if none came until then
    List<FleetEvent> next(long after, Duration timeout) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long from = after > last || after < 0 ? 0 : after;
            long left = timeout.toNanos();
            while (last == from && left > 0) left = added.awaitNanos(left);
            return read(from);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private List<FleetEvent> read(long from) {
        var read = new ArrayList<FleetEvent>();
        long first = Math.max(from, last - events.length) + 1;
        if (first > from + 1) read.add(missed(first - 1, first - from - 1));
        for (long number = first; number <= last && read.size() < MOST_AT_ONCE; number++) {
            var event = events[(int) (number % events.length)];
            if (event != null) read.add(event);
        }
        return List.copyOf(read);
    }

    private FleetEvent missed(long number, long count) {
        return FleetEvent.draft(FleetEvent.Type.MISSED).missed(count).numbered(number, clock.instant());
    }
}
