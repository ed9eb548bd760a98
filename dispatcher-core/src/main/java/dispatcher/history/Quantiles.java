package dispatcher.history;

import java.util.Arrays;

/// Order statistics of a few numbers.
final class Quantiles {
    private Quantiles() {}

    /// The middle one, or the mean of the two in the middle.
    ///
    /// @param values not empty; sorted by this
    static double median(double[] values) {
        Arrays.sort(values);
        int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /// The least of them that `share` of all do not exceed.
    ///
    /// @param sorted not empty
    static double atLeast(double share, double[] sorted) {
        return sorted[Math.clamp((long) Math.ceil(share * sorted.length) - 1, 0, sorted.length - 1)];
    }
}
