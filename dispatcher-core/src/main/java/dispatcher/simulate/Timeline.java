package dispatcher.simulate;

import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;

/// What is to happen when. What is due at the same time happens in the order in which it was put in. Confined to one
/// thread.
final class Timeline {
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparing(Event::at).thenComparingLong(Event::number));
    private long count;

    private record Event(Instant at, long number, Runnable what) {}

    void add(Instant at, Runnable what) {
        events.add(new Event(at, count++, what));
    }

    Optional<Instant> next() {
        return Optional.ofNullable(events.peek()).map(Event::at);
    }

    /// Lets happen what is due.
    void run(Instant now) {
        while (true) {
            var event = events.peek();
            if (event == null || event.at().isAfter(now)) return;
            events.remove();
            event.what().run();
        }
    }
}
