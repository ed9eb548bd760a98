package dispatcher.cli.metrics;

import dispatcher.text.Printable;
import java.util.HashMap;
import java.util.Map;

/// Writes figures in the text format of Prometheus, version 0.0.4. Confined to one thread.
final class Exposition {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final int MOST_OF_A_LABEL = 200;
    private static final int FIRST_SIZE = 256 << 10;

    private final StringBuilder text = new StringBuilder(FIRST_SIZE);

    /// Values of labels as they are written: most come again and again.
    private final Map<String, String> escaped = new HashMap<>();

    private String name = "";

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
        line("", labels, "").append(number(value)).append('\n');
        return this;
    }

    /// The same of a whole number.
    Exposition sample(long value, String... labels) {
        line("", labels, "").append(value).append('\n');
        return this;
    }

    /// A histogram of seconds.
    Exposition samples(Histogram histogram, String... labels) {
        var now = histogram.now();
        for (int i = 0; i < now.cumulated().size(); i++) {
            var bound = i < Histogram.BOUNDS.length ? number(Histogram.BOUNDS[i]) : "+Inf";
            line("_bucket", labels, bound).append(now.cumulated().get(i)).append('\n');
        }
        line("_sum", labels, "").append(number(now.seconds())).append('\n');
        line("_count", labels, "").append(now.count()).append('\n');
        return this;
    }

    private StringBuilder line(String suffix, String[] labels, String bound) {
        text.append(name).append(suffix);
        char separator = '{';
        for (int i = 0; i < labels.length; i += 2) {
            text.append(separator).append(labels[i]).append("=\"");
            text.append(escaped.computeIfAbsent(labels[i + 1], Exposition::escape))
                    .append('"');
            separator = ',';
        }
        if (!bound.isEmpty()) {
            text.append(separator).append("le=\"").append(bound).append('"');
            separator = ',';
        }
        if (separator == ',') text.append('}');
        return text.append(' ');
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
