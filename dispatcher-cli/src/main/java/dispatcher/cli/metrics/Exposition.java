package dispatcher.cli.metrics;

import java.util.Locale;

/// Text in the format of Prometheus, version 0.0.4. Confined to one thread.
final class Exposition {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final StringBuilder text = new StringBuilder();

    /// Begins a metric, whose samples follow.
    ///
    /// @param type `counter`, `gauge` or `histogram`
    Exposition metric(String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    /// @param labels names and values by turns
    Exposition sample(String name, double value, String... labels) {
        text.append(name);
        for (int i = 0; i + 1 < labels.length; i += 2) {
            text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
            escape(labels[i + 1]);
            text.append('"');
        }
        if (labels.length > 0) text.append('}');
        text.append(' ').append(number(value)).append('\n');
        return this;
    }

    /// A metric with one sample.
    Exposition single(String name, String type, String help, double value) {
        return metric(name, type, help).sample(name, value);
    }

    private void escape(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '"' -> text.append("\\\"");
                case '\n' -> text.append("\\n");
                default -> text.append(c);
            }
        }
    }

    static String number(double value) {
        if (value == Double.POSITIVE_INFINITY) return "+Inf";
        if (value == Math.rint(value) && Math.abs(value) < 1e15) return Long.toString((long) value);
        return String.format(Locale.ROOT, "%s", value);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
