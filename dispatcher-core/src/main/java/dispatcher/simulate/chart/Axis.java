package dispatcher.simulate.chart;

import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// Where an axis of time has its marks, and how times are written.
final class Axis {
    private static final double[] STEPS = {
        0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400
    };
    private static final int MOST_TICKS = 12;

    private Axis() {}

    /// Seconds, from 0 on, at most 13 of them.
    static double[] ticks(double seconds) {
        double step = DoubleStream.of(STEPS)
                .filter(candidate -> seconds / candidate <= MOST_TICKS)
                .findFirst()
                .orElse(Math.ceil(seconds / MOST_TICKS / 86400) * 86400);
        return IntStream.rangeClosed(0, (int) (seconds / step))
                .mapToDouble(i -> i * step)
                .toArray();
    }

    /// As `1:02:03`, `2:03` or `3.5 s`.
    static String show(double seconds) {
        if (seconds < 60) return plain(seconds) + " s";
        long whole = Math.round(seconds);
        if (whole < 3600) return "%d:%02d".formatted(whole / 60, whole % 60);
        return "%d:%02d:%02d".formatted(whole / 3600, whole / 60 % 60, whole % 60);
    }

    static String plain(double number) {
        return String.format(Locale.ROOT, "%.2f", number).replaceAll("\\.?0+$", "");
    }
}
