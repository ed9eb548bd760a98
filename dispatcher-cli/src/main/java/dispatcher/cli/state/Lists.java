package dispatcher.cli.state;

import com.fasterxml.jackson.databind.JsonNode;
import dispatcher.history.Window;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.util.ArrayList;
import java.util.List;

/// Lists in a column: JSON arrays. What is no such list is an [IllegalArgumentException].
final class Lists {
    private Lists() {}

    static String print(Window window) {
        return window.values().toString();
    }

    static String print(List<String> texts) {
        return Json.print(Json.texts(texts));
    }

    static Window window(String column) {
        var values = new ArrayList<Float>();
        for (var element : elements(column)) {
            if (!element.isNumber()) throw fault(column);
            values.add(element.decimalValue().floatValue());
        }
        return Window.of(values);
    }

    static List<String> texts(String column) {
        var values = new ArrayList<String>();
        for (var element : elements(column)) {
            if (!element.isTextual()) throw fault(column);
            values.add(element.textValue());
        }
        return values;
    }

    private static JsonNode elements(String column) {
        try {
            var list = Json.parse(column);
            if (list.isArray()) return list;
        } catch (JsonSyntaxException e) {
            throw new IllegalArgumentException("no list: " + e.getMessage(), e);
        }
        throw fault(column);
    }

    private static IllegalArgumentException fault(String column) {
        return new IllegalArgumentException("no such list: " + column);
    }
}
