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
        for (var element : elements(column))
            values.add(element.isNumber() ? element.decimalValue().floatValue() : fault(column));
        return Window.of(values);
    }

    static List<String> texts(String column) {
        var values = new ArrayList<String>();
        for (var element : elements(column)) values.add(element.isTextual() ? element.textValue() : fault(column));
        return values;
    }

    private static JsonNode elements(String column) {
        try {
            var list = Json.parse(column);
            return list.isArray() ? list : fault(column);
        } catch (JsonSyntaxException e) {
            throw new IllegalArgumentException("no list: " + e.getMessage(), e);
        }
    }

    private static <T> T fault(String column) {
        throw new IllegalArgumentException("no such list: " + column);
    }
}
