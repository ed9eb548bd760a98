package dispatcher.nix.json;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;

/// Reads one JSON text, by recursive descent.
final class JsonParser {
    /// Objects and arrays inside each other; more is no attribute set of anybody's.
    private static final int MAX_DEPTH = 512;

    private final String text;
    private int position;
    private int depth;

    JsonParser(String text) {
        this.text = text;
    }

    Json parse() {
        skipBlanks();
        var value = value();
        skipBlanks();
        if (position < text.length()) throw fail("the value is over, but the text is not");
        return value;
    }

    private Json value() {
        return switch (peek("a value")) {
            case '{' -> members();
            case '[' -> elements();
            case '"' -> new Json.Text(string());
            case 't' -> word("true", new Json.Bool(true));
            case 'f' -> word("false", new Json.Bool(false));
            case 'n' -> word("null", Json.Null.NULL);
            default -> numeral();
        };
    }

    private Json word(String word, Json value) {
        if (!text.startsWith(word, position)) throw fail("a value expected");
        position += word.length();
        return value;
    }

    private Json members() {
        descend();
        var members = new HashMap<String, Json>();
        if (!takes('}')) {
            do {
                skipBlanks();
                if (peek("a name") != '"') throw fail("a name in quotes expected");
                var name = string();
                skipBlanks();
                if (!takes(':')) throw fail("':' expected after a name");
                skipBlanks();
                members.put(name, value());
                skipBlanks();
            } while (takes(','));
            if (!takes('}')) throw fail("',' or '}' expected");
        }
        depth--;
        return new Json.Members(members);
    }

    private Json elements() {
        descend();
        var elements = new ArrayList<Json>();
        if (!takes(']')) {
            do {
                skipBlanks();
                elements.add(value());
                skipBlanks();
            } while (takes(','));
            if (!takes(']')) throw fail("',' or ']' expected");
        }
        depth--;
        return new Json.Elements(elements);
    }

    private void descend() {
        if (++depth > MAX_DEPTH) throw fail("nested deeper than %d levels".formatted(MAX_DEPTH));
        position++;
        skipBlanks();
    }

    private String string() {
        int start = position++;
        var value = new StringBuilder();
        while (true) {
            if (position == text.length())
                throw new JsonSyntaxException(start, "the string that begins here has no end");
            char c = text.charAt(position);
            if (c == '"') {
                position++;
                return value.toString();
            }
            if (c < 0x20) throw fail("a control character in a string");
            if (c == '\\') {
                escape(value);
            } else if (Character.isSurrogate(c)) {
                int point = text.codePointAt(position);
                if (!Character.isSupplementaryCodePoint(point)) throw fail("half of a character");
                value.appendCodePoint(point);
                position += 2;
            } else {
                value.append(c);
                position++;
            }
        }
    }

    private void escape(StringBuilder value) {
        int start = position++;
        char c = peek("an escape");
        position++;
        switch (c) {
            case '"', '\\', '/' -> value.append(c);
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'n' -> value.append('\n');
            case 'r' -> value.append('\r');
            case 't' -> value.append('\t');
            case 'u' -> {
                char unit = hexUnit();
                if (!Character.isSurrogate(unit)) {
                    value.append(unit);
                    return;
                }
                if (!Character.isHighSurrogate(unit) || !text.startsWith("\\u", position))
                    throw new JsonSyntaxException(start, "half of a character");
                position += 2;
                char low = hexUnit();
                if (!Character.isLowSurrogate(low)) throw new JsonSyntaxException(start, "half of a character");
                value.append(unit).append(low);
            }
            default -> throw new JsonSyntaxException(start, "an escape that JSON does not have");
        }
    }

    private char hexUnit() {
        int unit = 0;
        for (int i = 0; i < 4; i++) {
            char c = peek("four hexadecimal digits");
            if (!HexFormat.isHexDigit(c)) throw fail("four hexadecimal digits expected");
            unit = unit << 4 | HexFormat.fromHexDigit(c);
            position++;
        }
        return (char) unit;
    }

    private Json numeral() {
        int start = position;
        takes('-');
        if (!takes('0')) digits("a value");
        if (takes('.')) digits("a digit");
        if (takes('e') || takes('E')) {
            if (!takes('+')) takes('-');
            digits("a digit");
        }
        return new Json.Numeral(text.substring(start, position));
    }

    private void digits(String what) {
        int start = position;
        while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') position++;
        if (position == start) throw fail(what + " expected");
    }

    private void skipBlanks() {
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) position++;
    }

    private boolean takes(char c) {
        if (position == text.length() || text.charAt(position) != c) return false;
        position++;
        return true;
    }

    private char peek(String expected) {
        if (position == text.length()) throw fail(expected + " expected, but the text is over");
        return text.charAt(position);
    }

    private JsonSyntaxException fail(String fault) {
        return new JsonSyntaxException(position, fault);
    }
}
