package dispatcher.cli.terminal;

import java.util.Locale;

/// Sizes as people read them: two or three digits and a unit.
public final class Sizes {
    private static final String PREFIXES = "KMGTPE";

    private Sizes() {}

    /// @param bytes 0 or more
    /// @return such as `17 B`, `1.5 GiB`, `200 MiB`
    public static String show(long bytes) {
        if (bytes < 1024) return bytes + " B";
        int power = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
        double number = bytes / (double) (1L << (10 * power));
        var text = String.format(Locale.ROOT, number < 9.95 ? "%.1f" : "%.0f", number);
        if (text.endsWith(".0")) text = text.substring(0, text.length() - 2);
        return "%s %siB".formatted(text, PREFIXES.charAt(power - 1));
    }
}
