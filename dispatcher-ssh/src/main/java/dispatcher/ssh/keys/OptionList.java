package dispatcher.ssh.keys;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The text of options before a key: joined by commas, with values in double quotes in which a backslash guards a
/// quote. Blanks are inside quotes only.
///
/// The SSH library's own reader (`AuthorizedKeyEntry.parseLoginOptions`, Apache MINA SSHD 2.20.0) is not used, as it
/// does not know the backslash, accepts values without quotes and quotes that are not closed, and joins the values
/// of an option that is there twice, so that a key comes in from more addresses than sshd lets it in from:
/// `AuthorizedKeysTest` holds each of these.
final class OptionList {
    private OptionList() {}

    /// Where the options that `line` begins with end.
    ///
    /// @throws IllegalArgumentException if a quote is not closed
    static int end(String line) {
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (guardsQuote(line, i)) i++;
            else if (c == '"') quoted = !quoted;
            else if (!quoted && (c == ' ' || c == '\t')) return i;
        }
        if (quoted) throw new IllegalArgumentException("a quote is not closed");
        return line.length();
    }

    private static boolean guardsQuote(String text, int at) {
        return text.startsWith("\\\"", at);
    }

    static List<String> split(String options) {
        List<String> split = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < options.length(); i++) {
            char c = options.charAt(i);
            if (guardsQuote(options, i)) i++;
            else if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) {
                split.add(options.substring(start, i));
                start = i + 1;
            }
        }
        split.add(options.substring(start));
        return split;
    }

    /// The value; nothing if it is not one text in quotes.
    static Optional<String> unquote(String value) {
        if (value.length() < 2 || !value.startsWith("\"") || !value.endsWith("\"")) return Optional.empty();
        String inner = value.substring(1, value.length() - 1);
        boolean closesBefore = inner.replace("\\\"", "").contains("\"");
        if (closesBefore || inner.endsWith("\\")) return Optional.empty();
        return Optional.of(inner.replace("\\\"", "\""));
    }
}
