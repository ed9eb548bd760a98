package dispatcher.cli.settings.value;

import java.time.Duration;
import java.util.regex.Pattern;

/// Durations as people write them: `500ms`, `10s`, `5m`, `2h`, `1d`, and such parts in a row, `1h30m`.
public final class Durations {
    /// Of what [#parse] takes, in the dialect of Java and of ECMA.
    static final String EXPRESSION = "(?:\\d{1,9}(?:ms|s|m|h|d) ?)*\\d{1,9}(?:ms|s|m|h|d)";

    private static final Pattern TEXT = Pattern.compile(EXPRESSION);
    private static final Pattern PART = Pattern.compile("(\\d+)(ms|s|m|h|d)");

    private Durations() {}

    /// @throws IllegalArgumentException if it is no duration, with a message for people
    public static Duration parse(String text) {
        if (!TEXT.matcher(text).matches())
            throw new IllegalArgumentException(
                    "'" + text + "' is no duration; write a number with a unit, such as 10s, 5m or 500ms");
        var parts = PART.matcher(text);
        var sum = Duration.ZERO;
        while (parts.find()) sum = sum.plus(part(Long.parseLong(parts.group(1)), parts.group(2)));
        return sum;
    }

    private static Duration part(long number, String unit) {
        return switch (unit) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    /// As [#parse] reads it, in the fewest parts; milliseconds are the finest.
    public static String format(Duration duration) {
        if (duration.isZero()) return "0s";
        var text = new StringBuilder();
        append(text, duration.toDaysPart(), "d");
        append(text, duration.toHoursPart(), "h");
        append(text, duration.toMinutesPart(), "m");
        append(text, duration.toSecondsPart(), "s");
        append(text, duration.toMillisPart(), "ms");
        return text.toString();
    }

    private static void append(StringBuilder text, long number, String unit) {
        if (number != 0) text.append(number).append(unit);
    }
}
