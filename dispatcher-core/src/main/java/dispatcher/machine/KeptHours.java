package dispatcher.machine;

import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.regex.Pattern;

/// Hours of each day. They may go over midnight; `from` is among them and `until` is not.
///
/// @param until differs from `from`
public record KeptHours(LocalTime from, LocalTime until) {
    /// Of what [#parse] takes, in the dialect of Java and of ECMA.
    public static final String EXPRESSION = "(?:(\\d{2}):(\\d{2})-)?(\\d{2}):(\\d{2})";

    private static final Pattern TEXT = Pattern.compile(EXPRESSION);

    public KeptHours {
        if (from.equals(until)) throw new IllegalArgumentException("begins and ends at " + from);
    }

    /// Reads `08:00-18:30`, or `18:30` for what begins at midnight.
    ///
    /// @throws IllegalArgumentException with a message for people
    public static KeptHours parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) throw fault(text);
        var from = matcher.group(1) == null ? LocalTime.MIDNIGHT : time(text, matcher.group(1), matcher.group(2));
        var until = time(text, matcher.group(3), matcher.group(4));
        if (from.equals(until)) throw new IllegalArgumentException("'%s' ends when it begins".formatted(text));
        return new KeptHours(from, until);
    }

    private static LocalTime time(String text, String hour, String minute) {
        int hours = Integer.parseInt(hour);
        int minutes = Integer.parseInt(minute);
        if (hours > 23 || minutes > 59) throw fault(text);
        return LocalTime.of(hours, minutes);
    }

    private static IllegalArgumentException fault(String text) {
        return new IllegalArgumentException(
                "'%s' is no time of day; write 18:30, or 08:00-18:30 for some hours".formatted(text));
    }

    public boolean cover(Instant moment, ZoneId zone) {
        var time = moment.atZone(zone).toLocalTime();
        boolean begun = !time.isBefore(from);
        boolean over = !time.isBefore(until);
        return from.isBefore(until) ? begun && !over : begun || !over;
    }

    @Override
    public String toString() {
        return from + "-" + until;
    }
}
