package dispatcher.text;

/// Patterns in which `*` stands for any text, as the settings have them.
public final class Wildcards {
    private static final char STAR = '*';

    private Wildcards() {}

    /// Whether all of `text` is what `pattern` describes. Takes time in proportion to the product of both lengths at
    /// most, with any number of stars.
    public static boolean matches(String pattern, String text) {
        int first = pattern.indexOf(STAR);
        if (first < 0) return pattern.equals(text);
        int last = pattern.lastIndexOf(STAR);
        int tail = pattern.length() - last - 1;
        int end = text.length() - tail;
        if (end < first || !text.startsWith(pattern.substring(0, first)) || !text.endsWith(pattern.substring(last + 1)))
            return false;
        // The text between two stars may be anywhere, so the first place for it will do.
        int at = first;
        for (int star = first; star < last; ) {
            int next = pattern.indexOf(STAR, star + 1);
            var part = pattern.substring(star + 1, next);
            at = text.indexOf(part, at);
            if (at < 0 || at + part.length() > end) return false;
            at += part.length();
            star = next;
        }
        return true;
    }
}
