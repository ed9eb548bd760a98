package dispatcher.cli.settings.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/// Reads a YAML document into [Node]s. Anchors, aliases and merge keys (`<<`) work; a key given twice is a fault.
///
/// Confined to one thread.
public final class LocatedYaml {
    private static final String TAG = "(?:!\\S*\\s+)?";
    private static final Pattern ANCHOR = Pattern.compile(TAG + "&([^\\s,\\[\\]{}]+)");
    private static final Pattern BLOCK = Pattern.compile("(?:[!&]\\S*\\s+)*[|>]");

    private final List<String> lines;
    private final Faults faults;
    private final YAMLParser parser;
    private final Map<String, Node> anchors = new HashMap<>();

    private LocatedYaml(List<String> lines, Faults faults, YAMLParser parser) {
        this.lines = lines;
        this.faults = faults;
        this.parser = parser;
    }

    /// The document's root, an empty mapping for an empty document, or nothing and a fault if it is no YAML at
    /// all.
    public static Optional<Node> read(String text, Faults faults) {
        try (var parser = new YAMLFactory().createParser(text)) {
            return new LocatedYaml(text.lines().toList(), faults, parser).document();
        } catch (JsonProcessingException e) {
            var location = e.getLocation();
            faults.add(location == null ? 1 : Math.max(1, location.getLineNr()), "", "no YAML: " + reason(e));
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The value of one key at the top of a document, which is read no further than that: [Node.Null] if it has none.
    /// Nothing if one has to read all of it to know: it is no mapping, no YAML, or the value is an alias or merged.
    public static Optional<Node> topmost(String text, String key) {
        try (var parser = new YAMLFactory().createParser(text)) {
            return new LocatedYaml(List.of(), new Faults(""), parser).topmost(key);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Optional<Node> topmost(String key) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) return Optional.empty();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            var name = parser.currentName();
            if (name.equals("<<")) return Optional.empty();
            var token = parser.nextToken();
            if (name.equals(key))
                return parser.isCurrentAlias() || !token.isScalarValue()
                        ? Optional.empty()
                        : Optional.of(node(token, key));
            parser.skipChildren();
        }
        return Optional.of(new Node.Null(1));
    }

    /// The problem without the copy of the input that follows it.
    private static String reason(JsonProcessingException e) {
        var lines = e.getOriginalMessage()
                .lines()
                .map(String::strip)
                .filter(line -> !line.startsWith("in '") && !line.startsWith("^") && !line.startsWith("in reader"))
                .toList();
        return lines.size() > 2 ? lines.get(0) + ", " + lines.get(2) : String.join(", ", lines);
    }

    private Optional<Node> document() throws IOException {
        var token = parser.nextToken();
        if (token == null) return Optional.of(Node.Mapping.empty(1));
        var root = node(token, "");
        if (parser.nextToken() != null) faults.add(line(), "", "a second document begins here; settings are one");
        return Optional.of(root);
    }

    private int line() {
        return Math.max(1, parser.currentTokenLocation().getLineNr());
    }

    /// Reads the node that begins with `token`, to its end.
    private Node node(JsonToken token, String path) throws IOException {
        if (parser.isCurrentAlias()) return alias(path);
        var anchor = token.isScalarValue() ? scalarAnchor() : Optional.ofNullable(parser.getObjectId());
        int line = line();
        var node = switch (token) {
            case START_OBJECT -> mapping(line, path);
            case START_ARRAY -> sequence(line, path);
            case VALUE_NULL -> new Node.Null(line);
            default -> new Node.Scalar(line, parser.getText(), isBlock());
        };
        anchor.ifPresent(name -> anchors.put(name.toString(), node));
        return node;
    }

    private Node alias(String path) throws IOException {
        var name = parser.getText();
        var node = anchors.get(name);
        if (node != null) return node;
        faults.add(line(), path, "there is no &" + name + " before this *" + name);
        return new Node.Null(line());
    }

    /// The anchor of the scalar that begins here, which the parser does not tell.
    private Optional<String> scalarAnchor() {
        var matcher = ANCHOR.matcher(rest());
        return matcher.lookingAt() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private boolean isBlock() {
        return BLOCK.matcher(rest()).lookingAt();
    }

    /// The line from where the current token begins.
    private String rest() {
        var location = parser.currentTokenLocation();
        int line = location.getLineNr() - 1;
        int column = location.getColumnNr() - 1;
        return line < 0
                        || line >= lines.size()
                        || column < 0
                        || column >= lines.get(line).length()
                ? ""
                : lines.get(line).substring(column);
    }

    private Node sequence(int line, String path) throws IOException {
        var items = new ArrayList<Node>();
        for (var token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(node(token, path + "[" + items.size() + "]"));
        }
        return new Node.Sequence(line, items);
    }

    private Node mapping(int line, String path) throws IOException {
        var entries = new LinkedHashMap<String, Node.Entry>();
        var merged = new ArrayList<Node>();
        for (var token = parser.nextToken(); token != JsonToken.END_OBJECT; token = parser.nextToken()) {
            var key = parser.currentName();
            int keyLine = line();
            var keyPath = path.isEmpty() ? key : path + "." + key;
            var value = node(parser.nextToken(), keyPath);
            if (key.equals("<<")) {
                merged.add(value);
                continue;
            }
            var before = entries.putIfAbsent(key, new Node.Entry(keyLine, value));
            if (before != null) faults.add(keyLine, keyPath, "given twice; first on line " + before.line());
        }
        for (var node : merged) {
            if (node instanceof Node.Sequence several) several.items().forEach(item -> merge(entries, item, path));
            else merge(entries, node, path);
        }
        return new Node.Mapping(line, entries);
    }

    private void merge(SequencedMap<String, Node.Entry> entries, Node merged, String path) {
        if (merged instanceof Node.Mapping mapping) mapping.entries().forEach(entries::putIfAbsent);
        else faults.add(merged.line(), path.isEmpty() ? "<<" : path + ".<<", "only a group of keys can be merged");
    }
}
