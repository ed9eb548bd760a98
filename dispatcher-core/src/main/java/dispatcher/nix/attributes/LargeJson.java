package dispatcher.nix.attributes;

import dispatcher.nix.ByteString;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// Takes a few members out of a JSON object that is too large to be held as values. All else is passed over: it
/// is only looked at as far as it takes to find its end. Used once.
final class LargeJson {
    /// Of one member's value, which takes twenty times as much when it has been read.
    private static final int MOST_VALUE = 1 << 20;

    /// No name that anybody looks for is longer, as it is written.
    private static final int MOST_NAME = 200;

    private final ByteString text;
    private int position;

    private LargeJson(ByteString text) {
        this.text = text;
    }

    /// The members of the object `text` that have these names. Of those that come twice the last one counts.
    ///
    /// @throws JsonSyntaxException if it is no object, or one of those members has a wrong or too large value
    static Json.Members members(ByteString text, Set<String> names) {
        return new LargeJson(text).read(names);
    }

    private Json.Members read(Set<String> names) {
        var members = new HashMap<String, Json>();
        skipBlanks();
        take('{', "an object expected");
        skipBlanks();
        if (!takes('}')) {
            do {
                readMember(names, members);
                skipBlanks();
            } while (takes(','));
            take('}', "',' or '}' expected");
        }
        skipBlanks();
        if (position < text.length()) throw fail("the value is over, but the text is not");
        return new Json.Members(members);
    }

    private void readMember(Set<String> names, Map<String, Json> members) {
        skipBlanks();
        int start = position;
        take('"', "a name in quotes expected");
        skipString();
        var name = position - start <= MOST_NAME && parse(start) instanceof Json.Text(var found) ? found : "";
        skipBlanks();
        take(':', "':' expected after a name");
        skipBlanks();
        int value = position;
        skipValue();
        if (!names.contains(name)) return;
        if (position - value > MOST_VALUE)
            throw new JsonSyntaxException(
                    value, "%s has %d bytes, and may have %d".formatted(name, position - value, MOST_VALUE));
        members.put(name, parse(value));
    }

    /// What lies between `start` and here.
    private Json parse(int start) {
        try {
            return Json.parse(text.toByteArray(start, position));
        } catch (JsonSyntaxException e) {
            throw new JsonSyntaxException(start, "the value that begins here is " + e.getMessage());
        }
    }

    private void skipValue() {
        int start = position;
        int depth = 0;
        do {
            skipBlanks();
            switch (next("a value expected, but the text is over")) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                case '"' -> skipString();
                case ',', ':' -> {
                    if (depth == 0) throw fail("a value expected");
                }
                default -> skipWord();
            }
        } while (depth > 0);
        if (depth < 0) {
            position = start;
            throw fail("a value expected");
        }
    }

    private void skipWord() {
        while (position < text.length() && ",:{}[]\" \t\r\n".indexOf(text.at(position)) < 0) position++;
    }

    /// After its first quote.
    private void skipString() {
        int start = position - 1;
        while (position < text.length()) {
            byte b = text.at(position++);
            if (b == '"') return;
            if (b == '\\') position++;
        }
        throw new JsonSyntaxException(start, "the string that begins here has no end");
    }

    private void skipBlanks() {
        while (position < text.length() && " \t\r\n".indexOf(text.at(position)) >= 0) position++;
    }

    private byte next(String otherwise) {
        if (position >= text.length()) throw fail(otherwise);
        return text.at(position++);
    }

    private boolean takes(char c) {
        if (position >= text.length() || text.at(position) != c) return false;
        position++;
        return true;
    }

    private void take(char c, String otherwise) {
        if (!takes(c)) throw fail(otherwise);
    }

    private JsonSyntaxException fail(String fault) {
        return new JsonSyntaxException(position, fault);
    }
}
