package dispatcher.schedule.policy;

import dispatcher.machine.Machine;
import java.util.Locale;

/// Amounts as a person reads them.
public final class Amounts {
    private static final double KILO = 1000;

    private Amounts() {}

    /// Of a resource: memory in GiB, anything else as a number.
    public static String show(String resource, long amount) {
        if (!resource.equals(Machine.MEMORY)) return Long.toString(amount);
        return trim(String.format(Locale.ROOT, "%.1f", amount / (double) (1L << 30))) + " GiB";
    }

    /// For example `1.2 GB`.
    public static String bytes(long bytes) {
        if (bytes < KILO) return bytes + " B";
        double rest = bytes / KILO;
        var units = new String[] {"kB", "MB", "GB", "TB", "PB"};
        int unit = 0;
        while (rest >= KILO && unit < units.length - 1) {
            rest /= KILO;
            unit++;
        }
        return trim(String.format(Locale.ROOT, rest < 10 ? "%.1f" : "%.0f", rest)) + " " + units[unit];
    }

    /// For example `40 ms`, `12 s`, `3 min`, `2.5 h`.
    public static String seconds(double seconds) {
        if (seconds < 1) return Math.round(seconds * 1000) + " ms";
        if (seconds < 10) return trim(String.format(Locale.ROOT, "%.1f", seconds)) + " s";
        if (seconds < 180) return Math.round(seconds) + " s";
        if (seconds < 7200) return Math.round(seconds / 60) + " min";
        return trim(String.format(Locale.ROOT, "%.1f", seconds / 3600)) + " h";
    }

    /// For example `2`, `1.5`.
    public static String factor(double factor) {
        return trim(String.format(Locale.ROOT, "%.2f", factor));
    }

    private static String trim(String number) {
        return number.contains(".") ? number.replaceAll("\\.?0+$", "") : number;
    }
}
