package dispatcher.cli.top;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/// Makes keys of what a terminal sends: signs, and the sequences of ECMA-48 that all terminals of today have for the
/// others. Confined to one thread.
final class KeyReader {
    /// In place of a sign, as of JLine.
    static final int NONE = -2;

    private static final int END = -1;
    private static final char ESCAPE = 0x1b;
    private static final char DELETE = 0x7f;

    /// What follows an escape comes with it; a person is slower.
    private static final Duration SEQUENCE = Duration.ofMillis(50);

    private static final int LONGEST_SEQUENCE = 32;

    private final Signs signs;

    KeyReader(Signs signs) {
        this.signs = signs;
    }

    /// Where signs come from.
    @FunctionalInterface
    interface Signs {
        /// @return a UTF-16 code unit, [KeyReader#NONE] if none came until then, or -1 if none will come any more
        int next(Duration limit) throws IOException;
    }

    /// The next key, if one is pressed until then.
    Optional<Key> next(Duration limit) throws IOException {
        int sign = signs.next(limit);
        if (sign == NONE) return Optional.empty();
        return Optional.of(
                switch (sign) {
                    case END -> Key.of(Key.Kind.CLOSED);
                    case 0x03 -> Key.of(Key.Kind.INTERRUPT);
                    case 0x0c -> Key.of(Key.Kind.REDRAW);
                    case '\t' -> Key.of(Key.Kind.TAB);
                    case '\r', '\n' -> Key.of(Key.Kind.ENTER);
                    case '\b', DELETE -> Key.of(Key.Kind.BACKSPACE);
                    case ESCAPE -> escape();
                    default -> sign < ' ' ? Key.of(Key.Kind.OTHER) : Key.sign(codePoint((char) sign));
                });
    }

    private int codePoint(char first) throws IOException {
        if (!Character.isHighSurrogate(first)) return first;
        int second = signs.next(SEQUENCE);
        return second > 0 && Character.isLowSurrogate((char) second)
                ? Character.toCodePoint(first, (char) second)
                : '?';
    }

    private Key escape() throws IOException {
        int next = signs.next(SEQUENCE);
        return switch (next) {
            case NONE, END -> Key.of(Key.Kind.ESCAPE);
            case '[', 'O' -> sequence();
            default -> Key.of(Key.Kind.OTHER);
        };
    }

    /// Digits and semicolons, and a letter or a tilde at the end.
    private Key sequence() throws IOException {
        var digits = new StringBuilder();
        int sign = signs.next(SEQUENCE);
        while (sign >= ' ' && sign < '@' && digits.length() < LONGEST_SEQUENCE) {
            digits.append((char) sign);
            sign = signs.next(SEQUENCE);
        }
        return Key.of(
                switch (sign) {
                    case 'A' -> Key.Kind.UP;
                    case 'B' -> Key.Kind.DOWN;
                    case 'H' -> Key.Kind.HOME;
                    case 'F' -> Key.Kind.END;
                    case 'Z' -> Key.Kind.BACK_TAB;
                    case '~' -> numbered(digits.toString());
                    default -> Key.Kind.OTHER;
                });
    }

    private static Key.Kind numbered(String number) {
        return switch (number) {
            case "1", "7" -> Key.Kind.HOME;
            case "4", "8" -> Key.Kind.END;
            case "5" -> Key.Kind.PAGE_UP;
            case "6" -> Key.Kind.PAGE_DOWN;
            default -> Key.Kind.OTHER;
        };
    }
}
