package dispatcher.cli.state;

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
        return new Json.Elements(texts.stream().<Json>map(Json.Text::new).toList()).print();
    }

    static Window window(String column) {
        var values = new ArrayList<Float>();
        for (var element : elements(column))
            values.add(Float.parseFloat(element instanceof Json.Numeral(var text) ? text : fault(column)));
        return Window.of(values);
    }

    static List<String> texts(String column) {
        var values = new ArrayList<String>();
        for (var element : elements(column)) values.add(element instanceof Json.Text(var text) ? text : fault(column));
        return values;
    }

    private static List<Json> elements(String column) {
        try {
            if (Json.parse(column) instanceof Json.Elements(var values)) return values;
        } catch (JsonSyntaxException e) {
            throw new IllegalArgumentException("no list: " + e.getMessage(), e);
        }
        return List.of(new Json.Text(fault(column)));
    }

    private static String fault(String column) {
        throw new IllegalArgumentException("no such list: " + column);
    }
}
