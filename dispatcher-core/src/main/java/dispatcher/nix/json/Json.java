package dispatcher.nix.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dispatcher.text.Printable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.regex.Pattern;

/// JSON as Nix reads and writes it, by Jackson, in the tree model.
///
/// Of names that an object has twice the last one counts, as in Nix. Objects have their names in the order of their
/// bytes. Numbers keep their digits, and are printed without an exponent unless it is large. Source: RFC 8259; printing
/// as Nix does it. Safe for any thread.
public final class Json {
    private static final Pattern ADVICE =
            Pattern.compile("(: enable `| \\(start marker| \\(JSON String).*", Pattern.DOTALL);

    private static final JsonMapper MAPPER = JsonMapper.builder(StrictJson.factory(Integer.MAX_VALUE))
            .nodeFactory(new SortedNodes())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private Json() {}

    /// @throws JsonSyntaxException unless `text` is one JSON value, with nothing but blanks around it
    public static JsonNode parse(String text) {
        try (var parser = new StrictParser(MAPPER.createParser(text))) {
            JsonNode value = MAPPER.readTree(parser);
            if (value == null) throw new JsonSyntaxException(text.length(), "a value expected, but the text is over");
            if (parser.nextToken() != null)
                throw new JsonSyntaxException(
                        parser.currentTokenLocation().getCharOffset(), "the value is over, but the text is not");
            return value;
        } catch (JsonProcessingException e) {
            throw syntax(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @throws JsonSyntaxException also if the bytes are not UTF-8
    public static JsonNode parse(byte[] utf8) {
        try {
            return parse(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new JsonSyntaxException(0, "the bytes are not UTF-8");
        }
    }

    /// With the position that Jackson says: a char of a text, a byte of a stream.
    public static JsonSyntaxException syntax(JsonProcessingException e) {
        var place = e.getLocation();
        long position = place == null ? 0 : Math.max(place.getCharOffset(), place.getByteOffset());
        return new JsonSyntaxException(position, fault(e));
    }

    /// What Jackson says, without its advice to programmers.
    private static String fault(JsonProcessingException e) {
        if (e instanceof StreamConstraintsException)
            return "nested deeper than %d levels, or a number of more than %d digits, or too long a text"
                    .formatted(StrictJson.MAX_DEPTH, StrictJson.MAX_DIGITS);
        return Printable.line(
                ADVICE.matcher(String.valueOf(e.getOriginalMessage())).replaceFirst(""));
    }

    /// An empty object, which keeps its names sorted.
    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    public static ArrayNode texts(Collection<String> texts) {
        var array = MAPPER.createArrayNode();
        texts.forEach(array::add);
        return array;
    }

    /// The compact form: no blanks, names sorted, only what must be is escaped.
    public static String print(JsonNode json) {
        try {
            return MAPPER.writeValueAsString(json);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException("bug: a tree that cannot be printed", e);
        }
    }

    /// The same value, for terminals: what [Printable] calls odd is escaped too, and half of a character replaced.
    public static String show(JsonNode json) {
        var printed = print(json);
        if (printed.codePoints().noneMatch(Printable::isOdd)) return printed;
        var out = new StringBuilder(printed.length());
        printed.codePoints().forEach(point -> show(point, out));
        return out.toString();
    }

    /// What is odd is inside of strings. Jackson's own escapes know only single chars, and so no invisible characters
    /// beyond the first 65536 (`JsonTest.isShownOnATerminalWithNothingThatActsUponItAndMeansTheSame`).
    private static void show(int point, StringBuilder out) {
        if (!Printable.isOdd(point)) out.appendCodePoint(point);
        else if (Character.getType(point) == Character.SURROGATE) out.append('\ufffd');
        else for (char unit : Character.toChars(point)) out.append("\\u%04x".formatted((int) unit));
    }

    /// `text` as a JSON string, with its quotes.
    public static String quote(String text) {
        return print(TextNode.valueOf(text));
    }
}
