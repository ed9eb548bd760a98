package dispatcher.cli.metrics;

import java.time.Duration;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/// How long something took, as a histogram of fixed bounds. Safe for any thread; never blocks.
final class Durations {
    private static final double[] BOUNDS = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, Double.POSITIVE_INFINITY};
    private static final double NANOS = 1e9;

    private final LongAdder[] counts =
            Stream.generate(LongAdder::new).limit(BOUNDS.length).toArray(LongAdder[]::new);
    private final DoubleAdder sum = new DoubleAdder();

    void add(Duration duration) {
        double seconds = Math.max(0, duration.toNanos() / NANOS);
        int i = 0;
        while (seconds > BOUNDS[i]) i++;
        counts[i].increment();
        sum.add(seconds);
    }

    /// @param labels names and values by turns
    void write(String name, Exposition out, String... labels) {
        var all = new String[labels.length + 2];
        System.arraycopy(labels, 0, all, 0, labels.length);
        all[labels.length] = "le";
        long soFar = 0;
        for (int i = 0; i < BOUNDS.length; i++) {
            soFar += counts[i].sum();
            all[labels.length + 1] = Exposition.number(BOUNDS[i]);
            out.sample(name + "_bucket", soFar, all);
        }
        out.sample(name + "_sum", sum.sum(), labels).sample(name + "_count", soFar, labels);
    }
}
