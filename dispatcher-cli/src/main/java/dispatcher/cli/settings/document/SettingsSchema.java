package dispatcher.cli.settings.document;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dispatcher.cli.settings.Group;
import dispatcher.cli.settings.Key;
import dispatcher.cli.settings.Key.Preset;
import dispatcher.cli.settings.Row;
import dispatcher.cli.settings.file.SettingsTable;
import dispatcher.cli.settings.value.Shape;
import java.util.List;

/// A JSON schema (draft 2020-12) of settings files, by which editors complete and check them. A key may be null,
/// which counts as absent. What depends on several keys is left to the reader of the settings.
public final class SettingsSchema {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String SIZE = "^[0-9]+(?:\\.[0-9]+)? ?[A-Za-z]+$";

    private SettingsSchema() {}

    public static String text() {
        var schema = NODES.objectNode();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "Settings of the dispatcher");
        schema.setAll(group(SettingsTable.TOP));
        return schema.toPrettyString() + "\n";
    }

    private static ObjectNode group(Group group) {
        var schema = typed(group.path().isEmpty() ? List.of("object") : List.of("object", "null"));
        var properties = schema.putObject("properties");
        var required = NODES.arrayNode();
        for (var row : group.rows()) row(row, properties, required, group.isList());
        schema.put("additionalProperties", false);
        // Merges bring what is required, and not every editor follows them.
        if (!required.isEmpty()) {
            var merges = NODES.objectNode();
            merges.set("required", NODES.arrayNode().add("<<"));
            var complete = NODES.objectNode();
            complete.set("required", required);
            schema.putArray("anyOf").add(complete).add(merges);
        }
        // The name of a merge, and what it brings.
        properties.putObject("<<");
        return schema;
    }

    private static void row(Row row, ObjectNode properties, ArrayNode required, boolean inList) {
        switch (row) {
            case Group group -> {
                var inner = group.isList() ? list(group(group)) : group(group);
                if (!group.help().isEmpty())
                    inner.put("description", group.help().strip().replaceAll("\\s+", " "));
                properties.set(group.name(), inner);
            }
            case Key<?> key -> {
                properties.set(key.name(), key(key));
                key.formerName().ifPresent(name -> properties.set(name, former(key)));
                if (inList && key.isLive() && key.preset() instanceof Preset.Required<?>) required.add(key.name());
            }
        }
    }

    private static ObjectNode key(Key<?> key) {
        var schema = key.isList()
                ? list(shape(key.type().shape()))
                : orNull(shape(key.type().shape()));
        return schema.put("description", "%s Default: %s.".formatted(key.help(), key.presetWords()));
    }

    private static ObjectNode former(Key<?> key) {
        return key(key).put("deprecated", true).put("description", "Now called %s.".formatted(key.name()));
    }

    private static ObjectNode list(ObjectNode items) {
        var schema = typed(List.of("array", "null"));
        schema.set("items", items);
        return schema;
    }

    private static ObjectNode shape(Shape shape) {
        return switch (shape) {
            case Shape.Text() -> typed(List.of("string", "number"));
            case Shape.Pattern(var expression) ->
                typed(List.of("string")).put("pattern", "^(?:%s)$".formatted(expression));
            case Shape.Whole(int least, int most) -> {
                var whole = typed(List.of("integer")).put("minimum", least);
                yield most == Integer.MAX_VALUE ? whole : whole.put("maximum", most);
            }
            case Shape.Above(double bound) -> typed(List.of("number")).put("exclusiveMinimum", bound);
            case Shape.Words(var words) -> {
                var schema = NODES.objectNode();
                var values = schema.putArray("enum");
                words.forEach(values::add);
                // As YAML 1.1, which some editors read, has these words.
                if (words.contains("yes")) values.add(true);
                if (words.contains("no")) values.add(false);
                yield schema;
            }
            case Shape.Flag() -> {
                var schema = NODES.objectNode();
                schema.putArray("enum").add(true).add(false).add("yes").add("no");
                yield schema;
            }
            case Shape.Either(var shapes) -> {
                var schema = NODES.objectNode();
                var either = schema.putArray("anyOf");
                shapes.forEach(one -> either.add(shape(one)));
                yield schema;
            }
            case Shape.Amounts() -> {
                var schema = typed(List.of("object"));
                schema.putObject("properties")
                        .set("memory", typed(List.of("string", "null")).put("pattern", SIZE));
                schema.set(
                        "additionalProperties",
                        typed(List.of("integer", "null")).put("minimum", 0));
                yield schema;
            }
        };
    }

    private static ObjectNode orNull(ObjectNode schema) {
        if (schema.get("type") instanceof ArrayNode types) {
            types.add("null");
            return schema;
        }
        if (schema.get("enum") instanceof ArrayNode values) {
            values.addNull();
            return schema;
        }
        if (schema.get("anyOf") instanceof ArrayNode either) either.add(typed(List.of("null")));
        return schema;
    }

    private static ObjectNode typed(List<String> types) {
        var schema = NODES.objectNode();
        var array = schema.putArray("type");
        types.forEach(array::add);
        return schema;
    }
}
