package dispatcher.text;

import java.util.stream.Collectors;

/// Makes text of clients and machines fit for logs and terminals: nothing in the result moves the cursor, begins
/// a line of its own, or turns the direction of writing.
///
/// Control characters, separators of lines and paragraphs, invisible format characters and halves of characters
/// become `\n`, `\t`, `\r`, `\x1b` or `\u2028`. Backslashes stay as they are, so that to do it twice does nothing
/// more. Colours, which Nix puts into its messages, are left out. What is very long is cut, and says so.
public final class Printable {
    /// The longest result, in chars, but for clients.
    public static final int LONGEST = 64 * 1024;

    /// The longest for clients. A text of [#LONGEST] bytes is never cut, even if all of it is escaped.
    private static final int LONGEST_FOR_CLIENTS = 4 * LONGEST;

    private static final int SHORTEST_LIMIT = 64;
    private static final int ROOM_FOR_NOTE = 32;
    private static final char ESCAPE = '\u001b';

    private final String text;
    private final boolean lines;
    private final boolean colours;
    private int position;

    private Printable(String text, boolean lines, boolean colours) {
        this.text = text;
        this.lines = lines;
        this.colours = colours;
    }

    /// As one line.
    public static String line(String text) {
        return line(text, LONGEST);
    }

    /// @param longest the longest result, in chars; 64 or more
    public static String line(String text, int longest) {
        if (longest < SHORTEST_LIMIT)
            throw new IllegalArgumentException("a limit of %d is too small".formatted(longest));
        return new Printable(text, false, false).show(longest);
    }

    /// As one line, in which a text of several lines is a list.
    public static String joined(String text) {
        return line(
                text.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("; ")));
    }

    /// The same as [#line], but line feeds and tabs stay.
    public static String lines(String text) {
        return new Printable(text, true, false).show(LONGEST);
    }

    /// The same as [#lines], but colours stay too: for clients, whose Nix shows them or leaves them out by itself.
    public static String coloured(String text) {
        return new Printable(text, true, true).show(LONGEST_FOR_CLIENTS);
    }

    /// Whether this character would be shown as an escape in a line.
    public static boolean isOdd(int codePoint) {
        if (codePoint >= ' ' && codePoint <= '~') return false;
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE -> true;
            default -> false;
        };
    }

    private String show(int longest) {
        if (text.length() <= longest && (isPlain(text) || text.codePoints().noneMatch(Printable::isOdd))) return text;
        var out = new StringBuilder(Math.min(text.length(), longest) + ROOM_FOR_NOTE);
        int kept = 0;
        int keptFrom = 0;
        while (position < text.length()) {
            append(out);
            if (out.length() > longest) {
                out.setLength(kept);
                return out.append("… (%d more characters)".formatted(text.length() - keptFrom))
                        .toString();
            }
            if (out.length() <= longest - ROOM_FOR_NOTE) {
                kept = out.length();
                keptFrom = position;
            }
        }
        return out.toString();
    }

    /// Whether all of it is printable ASCII, as most texts are. Quick even before it is compiled.
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') return false;
        }
        return true;
    }

    /// Appends the next character, or the next colour, as it is to be shown.
    private void append(StringBuilder out) {
        int c = text.codePointAt(position);
        int end = c == ESCAPE ? endOfColour() : position;
        if (end > position) {
            if (colours) out.append(text, position, end);
            position = end;
            return;
        }
        position += Character.charCount(c);
        if (!isOdd(c) || (lines && isLayout(c))) out.appendCodePoint(c);
        else if (!lines || c != '\r' || position == text.length() || text.charAt(position) != '\n') escape(c, out);
    }

    private static boolean isLayout(int c) {
        return c == '\n' || c == '\t';
    }

    private static void escape(int c, StringBuilder out) {
        switch (c) {
            case '\n' -> out.append("\\n");
            case '\t' -> out.append("\\t");
            case '\r' -> out.append("\\r");
            default -> out.append((c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
        }
    }

    /// Where the sequence that begins at the position ends, if it is one that sets colours: ECMA-48's "select
    /// graphic rendition".
    private int endOfColour() {
        int at = position + 1;
        if (at == text.length() || text.charAt(at) != '[') return position;
        do at++;
        while (at < text.length() && "0123456789;".indexOf(text.charAt(at)) >= 0);
        return at < text.length() && text.charAt(at) == 'm' ? at + 1 : position;
    }
}
