package dispatcher.text;

/// Patterns in which `*` stands for any text. They take time in proportion to the product of the lengths of pattern
/// and text at most, however many stars there are; as regular expressions, some would take exponential time.
public final class Wildcards {
    private static final char STAR = '*';
    private static final char ANY = '?';

    private Wildcards() {}

    /// Whether all of `text` is what `pattern` describes. For patterns of the settings, in which `?` is a character
    /// as any other.
    public static boolean matches(String pattern, String text) {
        return matches(pattern, text, false);
    }

    /// Like [#matches], but `?` stands for one character. For patterns of OpenSSH's files.
    public static boolean matchesGlob(String pattern, String text) {
        return matches(pattern, text, true);
    }

    /// Tries again from the last star only: what an earlier one stands for never needs to be longer.
    private static boolean matches(String pattern, String text, boolean anyOne) {
        int p = 0;
        int t = 0;
        int star = -1;
        int afterStar = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == STAR) {
                star = p++;
                afterStar = t;
            } else if (p < pattern.length() && isOne(pattern.charAt(p), text.charAt(t), anyOne)) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++afterStar;
            } else return false;
        }
        while (p < pattern.length() && pattern.charAt(p) == STAR) p++;
        return p == pattern.length();
    }

    private static boolean isOne(char wanted, char found, boolean anyOne) {
        return wanted == found || (anyOne && wanted == ANY);
    }
}
