package dispatcher.cli.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/// Counts durations by how long they are. Safe for any thread; takes no lock.
final class Histogram {
    /// In seconds, ascending; what is longer than the last is counted too.
    static final double[] BOUNDS = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200};

    private static final double NANOS = 1e9;

    private final LongAdder[] counts = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanos = new LongAdder();

    Histogram() {
        for (int i = 0; i < counts.length; i++) counts[i] = new LongAdder();
    }

    void add(Duration duration) {
        double seconds = duration.toNanos() / NANOS;
        int bucket = 0;
        while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) bucket++;
        counts[bucket].increment();
        nanos.add(duration.toNanos());
    }

    /// What was counted until now.
    ///
    /// @param cumulated how many are no longer than each bound, and in the end how many there are
    /// @param seconds   of all together
    record Counts(List<Long> cumulated, double seconds) {
        Counts {
            cumulated = List.copyOf(cumulated);
        }

        long count() {
            return cumulated.getLast();
        }
    }

    Counts now() {
        var cumulated = new ArrayList<Long>();
        long all = 0;
        for (var count : counts) {
            all += count.sum();
            cumulated.add(all);
        }
        return new Counts(cumulated, nanos.sum() / NANOS);
    }
}
