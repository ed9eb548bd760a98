package dispatcher.nix.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A JSON value.
///
/// Of names that an object has twice the last one counts, as in Nix. Source: RFC 8259; printing as Nix does it.
public sealed interface Json {
    enum Null implements Json {
        NULL
    }

    record Bool(boolean value) implements Json {}

    /// A number as it is written, since no type of ours holds them all.
    record Numeral(String text) implements Json {}

    record Text(String value) implements Json {}

    record Elements(List<Json> values) implements Json {
        public Elements {
            values = List.copyOf(values);
        }
    }

    /// An object.
    record Members(Map<String, Json> values) implements Json {
        /// The order of the names' bytes in UTF-8, which is Nix's.
        private static final Comparator<String> BY_BYTES = (a, b) ->
                Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

        public Members {
            var sorted = new TreeMap<String, Json>(BY_BYTES);
            sorted.putAll(values);
            values = Collections.unmodifiableSortedMap(sorted);
        }

        public Optional<Json> get(String name) {
            return Optional.ofNullable(values.get(name));
        }
    }

    /// @throws JsonSyntaxException unless `text` is one JSON value, with nothing but blanks around it
    static Json parse(String text) {
        return new JsonParser(text).parse();
    }

    /// @throws JsonSyntaxException also if the bytes are not UTF-8
    static Json parse(byte[] utf8) {
        try {
            return parse(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new JsonSyntaxException(0, "the bytes are not UTF-8");
        }
    }

    /// The compact form: no blanks, names sorted, only what must be is escaped.
    default String print() {
        var out = new StringBuilder();
        new JsonPrinter(out, false).print(this);
        return out.toString();
    }

    /// The same value, for terminals: what [Printable] calls odd is escaped too, and half of a character replaced.
    default String show() {
        var out = new StringBuilder();
        new JsonPrinter(out, true).print(this);
        return out.toString();
    }

    /// `text` as a JSON string, with its quotes.
    static String quote(String text) {
        var out = new StringBuilder(text.length() + 2);
        new JsonPrinter(out, false).quote(text);
        return out.toString();
    }
}
