package dispatcher.cli.settings.value;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/// A number of bytes, written with a unit: `50GiB`, `1.5TiB`, `200MB`.
///
/// Units are B, KiB, MiB, GiB, TiB, PiB (powers of 1024) and kB or KB, MB, GB, TB, PB (powers of 1000).
public record ByteSize(long bytes) implements Comparable<ByteSize> {
    /// Of what [#parse] takes, in the dialect of Java and of ECMA.
    static final String EXPRESSION = "\\d{1,19}(?:\\.\\d{1,9})? ?(?:B|[kKmMgGtTpP]i?B)";

    private static final Pattern TEXT = Pattern.compile("(\\d{1,19}(?:\\.\\d{1,9})?) ?([A-Za-z]+)");
    private static final String PREFIXES = "KMGTP";

    public ByteSize {
        if (bytes < 0) throw new IllegalArgumentException(bytes + " bytes is negative");
    }

    /// @throws IllegalArgumentException if it is no size, with a message for people
    public static ByteSize parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) throw fault(text);
        var bytes = new BigDecimal(matcher.group(1)).multiply(unit(text, matcher.group(2)));
        try {
            return new ByteSize(bytes.toBigInteger().longValueExact());
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("'" + text + "' is more than can be counted", e);
        }
    }

    private static BigDecimal unit(String text, String unit) {
        if (unit.equals("B")) return BigDecimal.ONE;
        int power = PREFIXES.indexOf(Character.toUpperCase(unit.charAt(0))) + 1;
        var rest = unit.substring(1);
        if (power == 0 || !(rest.equals("iB") || rest.equals("B"))) throw fault(text);
        return BigDecimal.valueOf(rest.equals("iB") ? 1024 : 1000).pow(power);
    }

    private static IllegalArgumentException fault(String text) {
        return new IllegalArgumentException(
                "'" + text + "' is no size; write a number with a unit, such as 50GiB or 800MB");
    }

    @Override
    public int compareTo(ByteSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /// With the largest binary unit that leaves a whole number; [#parse] reads it back.
    @Override
    public String toString() {
        int power = 0;
        long number = bytes;
        while (number != 0 && number % 1024 == 0 && power < PREFIXES.length()) {
            number /= 1024;
            power++;
        }
        return power == 0 ? number + "B" : number + PREFIXES.substring(power - 1, power) + "iB";
    }
}
