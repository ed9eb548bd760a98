package dispatcher.cli.metrics;

import dispatcher.text.Printable;
import java.util.Arrays;

/// Writes figures in the text format of Prometheus, version 0.0.4. Confined to one thread.
///
/// A fleet has thousands of samples, and the first scrapes come before the JVM has compiled this: a sample is a
/// few long pieces of text.
final class Exposition {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final int MOST_OF_A_LABEL = 200;
    private static final int FIRST_SIZE = 512 << 10;

    private final StringBuilder text = new StringBuilder(FIRST_SIZE);

    private String name = "";

    /// Labels as they are written, made once for many samples.
    ///
    /// @param text empty without labels
    record Labels(String text) {
        /// @param labels name, value, name, value and so on
        static Labels of(String... labels) {
            var text = new StringBuilder();
            for (int i = 0; i < labels.length; i += 2) {
                if (i > 0) text.append(',');
                text.append(labels[i]).append("=\"");
                text.append(escape(labels[i + 1])).append('"');
            }
            return new Labels(text.toString());
        }
    }

    /// Begins the samples of one metric.
    ///
    /// @param type `counter`, `gauge` or `histogram`
    Exposition metric(String metric, String type, String help) {
        name = metric;
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    /// @param labels name, value, name, value and so on
    Exposition sample(double value, String... labels) {
        return sample(value, Labels.of(labels));
    }

    /// The same of a whole number.
    Exposition sample(long value, String... labels) {
        return sample(value, Labels.of(labels));
    }

    Exposition sample(double value, Labels labels) {
        long whole = (long) value;
        if (whole == value) return sample(whole, labels);
        begin(labels).append(value).append('\n');
        return this;
    }

    /// The same of a whole number.
    Exposition sample(long value, Labels labels) {
        begin(labels).append(value).append('\n');
        return this;
    }

    /// @param labels some
    /// @param more   of the same sample; some
    Exposition sample(long value, Labels labels, Labels more) {
        text.append(name).append('{').append(labels.text).append(',').append(more.text);
        text.append("} ").append(value).append('\n');
        return this;
    }

    private StringBuilder begin(Labels labels) {
        text.append(name);
        if (!labels.text.isEmpty()) text.append('{').append(labels.text).append('}');
        return text.append(' ');
    }

    /// A histogram of seconds.
    Exposition samples(Histogram histogram, String... labels) {
        var now = histogram.now();
        var metric = name;
        name = metric + "_bucket";
        var withBound = Arrays.copyOf(labels, labels.length + 2);
        withBound[labels.length] = "le";
        for (int i = 0; i < now.cumulated().size(); i++) {
            withBound[labels.length + 1] = i < Histogram.BOUNDS.length ? number(Histogram.BOUNDS[i]) : "+Inf";
            sample(now.cumulated().get(i), withBound);
        }
        name = metric + "_sum";
        sample(now.seconds(), labels);
        name = metric + "_count";
        sample(now.count(), labels);
        name = metric;
        return this;
    }

    private static String escape(String label) {
        var shown = Printable.line(label);
        if (shown.length() > MOST_OF_A_LABEL) shown = shown.substring(0, MOST_OF_A_LABEL);
        return shown.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    private static String number(double value) {
        long whole = (long) value;
        return whole == value ? Long.toString(whole) : Double.toString(value);
    }

    String text() {
        return text.toString();
    }
}
