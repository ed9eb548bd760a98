package dispatcher.nix.attributes;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.nix.ByteString;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import dispatcher.nix.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/// Takes a few members out of a JSON object that is too large to be held as a tree: the bytes of all other members
/// are passed over by Jackson's streaming parser. Used once.
final class LargeJson {
    /// Of one member's value, which takes twenty times as much when it has been read.
    private static final int MOST_VALUE = 1 << 20;

    private static final JsonFactory FACTORY = StrictJson.factory(MOST_VALUE);

    private final ByteString text;
    private final JsonParser parser;

    private LargeJson(ByteString text, JsonParser parser) {
        this.text = text;
        this.parser = parser;
    }

    /// The members of the object `text` that have these names. Of those that come twice the last one counts.
    ///
    /// @throws JsonSyntaxException if it is no object, or one of those members has a wrong or too large value
    static ObjectNode members(ByteString text, Set<String> names) {
        try (var parser = FACTORY.createParser(text.asInputStream())) {
            return new LargeJson(text, parser).read(names);
        } catch (JsonProcessingException e) {
            throw Json.syntax(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ObjectNode read(Set<String> names) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) throw fail("an object expected");
        var members = Json.object();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = parser.currentName();
            parser.nextToken();
            long start = parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            if (names.contains(name)) members.set(name, value(name, start));
        }
        if (parser.nextToken() != null) throw fail("the value is over, but the text is not");
        return members;
    }

    /// The member whose value begins at `start` and is the current token, or ends with it.
    private JsonNode value(String name, long start) throws IOException {
        parser.finishToken();
        long end = parser.currentLocation().getByteOffset();
        if (end - start > MOST_VALUE)
            throw new JsonSyntaxException(
                    start, "%s has %d bytes, and may have %d".formatted(name, end - start, MOST_VALUE));
        try {
            return Json.parse(text.toByteArray((int) start, (int) end));
        } catch (JsonSyntaxException e) {
            throw new JsonSyntaxException(start, "the value that begins here is " + e.getMessage());
        }
    }

    private JsonSyntaxException fail(String fault) {
        return new JsonSyntaxException(parser.currentTokenLocation().getByteOffset(), fault);
    }
}
