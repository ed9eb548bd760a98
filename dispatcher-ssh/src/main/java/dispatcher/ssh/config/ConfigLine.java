package dispatcher.ssh.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A line of ssh_config: `Keyword argument…` or `Keyword=argument…`. Arguments may be in quotes; a backslash guards a
/// quote or a backslash, and a blank outside of quotes; `#` before an argument begins a comment.
///
/// Source: ssh_config(5); OpenSSH 10, `strdelim` and `argv_split`.
///
/// @param keyword in lower case
/// @param where   `<file> line <n>`
record ConfigLine(String keyword, List<String> arguments, String where) {
    ConfigLine {
        arguments = List.copyOf(arguments);
    }

    /// Nothing if the line is empty or a comment.
    ///
    /// @throws IllegalArgumentException if a quote is not closed, or nothing follows the keyword
    static Optional<ConfigLine> parse(String line, String where) {
        String text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) return Optional.empty();
        int end = 0;
        while (end < text.length() && !isBlank(text.charAt(end)) && text.charAt(end) != '=') end++;
        String keyword = text.substring(0, end).toLowerCase(Locale.ROOT);
        int start = afterBlanks(text, end);
        if (start < text.length() && text.charAt(start) == '=') start = afterBlanks(text, start + 1);
        List<String> arguments = split(text, start);
        if (arguments.isEmpty()) throw new BadLineException("'%s' has no value".formatted(keyword));
        return Optional.of(new ConfigLine(keyword, arguments, where));
    }

    /// The only argument that most keywords have; more are ignored.
    String value() {
        return arguments.getFirst();
    }

    private static int afterBlanks(String text, int from) {
        int at = from;
        while (at < text.length() && isBlank(text.charAt(at))) at++;
        return at;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\f' || c == '\r';
    }

    private static List<String> split(String text, int from) {
        List<String> words = new ArrayList<>();
        int at = afterBlanks(text, from);
        while (at < text.length() && text.charAt(at) != '#') {
            StringBuilder word = new StringBuilder();
            at = afterBlanks(text, word(text, at, word));
            words.add(word.toString());
        }
        return words;
    }

    /// @return where the word ends
    private static int word(String text, int from, StringBuilder word) {
        char quote = 0;
        for (int at = from; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length() && isGuarded(text.charAt(at + 1), quote)) {
                word.append(text.charAt(++at));
            } else if (quote == 0 && (c == '"' || c == '\'')) {
                quote = c;
            } else if (quote != 0 && c == quote) {
                quote = 0;
            } else if (quote == 0 && isBlank(c)) {
                return at;
            } else {
                word.append(c);
            }
        }
        if (quote != 0) throw new BadLineException("a quote is not closed");
        return text.length();
    }

    private static boolean isGuarded(char c, char quote) {
        return c == '\\' || c == '"' || c == '\'' || (quote == 0 && c == ' ');
    }
}
