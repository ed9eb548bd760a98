package dispatcher.cli.state.database;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dispatcher.history.Window;
import dispatcher.nix.json.StrictJson;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Lists in a column: JSON arrays. What is no such list is an [IllegalArgumentException]. They are read at every start,
/// as streams of tokens: there is no tree model to load.
public final class Lists {
    private static final JsonFactory FACTORY = StrictJson.factory(Integer.MAX_VALUE);

    private Lists() {}

    /// Reads one element, whose first token is the current one.
    private interface Element {
        /// @return whether it is of the right kind
        boolean read(JsonParser parser) throws IOException;
    }

    public static String print(Window window) {
        return window.values().toString();
    }

    public static String print(List<String> texts) {
        var printed = new StringWriter();
        try (var generator = FACTORY.createGenerator(printed)) {
            generator.writeStartArray();
            for (var text : texts) generator.writeString(text);
            generator.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return printed.toString();
    }

    public static Window window(String column) {
        var values = new ArrayList<Float>();
        read(column, parser -> {
            if (!parser.currentToken().isNumeric()) return false;
            values.add(parser.getFloatValue());
            return true;
        });
        return Window.of(values);
    }

    public static List<String> texts(String column) {
        var values = new ArrayList<String>();
        read(column, parser -> {
            if (parser.currentToken() != JsonToken.VALUE_STRING) return false;
            values.add(parser.getText());
            return true;
        });
        return values;
    }

    private static void read(String column, Element element) {
        try (var parser = FACTORY.createParser(column)) {
            if (parser.nextToken() != JsonToken.START_ARRAY) throw fault(column);
            while (parser.nextToken() != JsonToken.END_ARRAY) if (!element.read(parser)) throw fault(column);
            if (parser.nextToken() != null) throw fault(column);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no list: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static IllegalArgumentException fault(String column) {
        return new IllegalArgumentException("no such list: " + column);
    }
}
