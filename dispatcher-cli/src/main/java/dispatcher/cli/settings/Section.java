package dispatcher.cli.settings;

import dispatcher.cli.settings.Key.Preset;
import dispatcher.cli.settings.value.Type;
import dispatcher.cli.settings.yaml.Faults;
import dispatcher.cli.settings.yaml.Node;
import dispatcher.text.Spelling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;

/// A group of keys while it is bound to values: asked for the keys that the table has for it, it notes what
/// is wrong and answers with the default, so that reading goes on; [#close] then complains of the keys that the
/// table does not have, and of former names.
///
/// A key without a value (or with `null`) counts as absent. Confined to one thread.
public final class Section implements AutoCloseable {
    /// What is in all private keys as SSH and OpenSSL write them. Faults quote values, which these must not be.
    private static final String PRIVATE_KEY = "PRIVATE KEY-----";

    private final Faults faults;
    private final String path;
    private final Node.Mapping mapping;
    private final Group group;
    private final Function<String, Path> paths;

    private Section(Faults faults, String path, Node.Mapping mapping, Group group, Function<String, Path> paths) {
        this.faults = faults;
        this.path = path;
        this.mapping = mapping;
        this.group = group;
        this.paths = paths;
    }

    /// The top of a document.
    ///
    /// @param paths makes an absolute path of one that is written in the settings
    public static Section top(Node root, Group group, Function<String, Path> paths, Faults faults) {
        return of(root, "", group, paths, faults);
    }

    /// The section that a node is. If it is none, a fault is noted, and the result is an empty section whose
    /// faults are dropped.
    private static Section of(Node node, String path, Group group, Function<String, Path> paths, Faults faults) {
        return switch (node) {
            case Node.Mapping mapping -> new Section(faults, path, mapping, group, paths);
            case Node.Null nothing -> new Section(faults, path, Node.Mapping.empty(nothing.line()), group, paths);
            default -> {
                faults.add(node.line(), path, noGroup(node));
                yield new Section(new Faults(faults.file()), path, Node.Mapping.empty(node.line()), group, paths);
            }
        };
    }

    private static String noGroup(Node node) {
        return "is %s; it should be a group of keys".formatted(node.kind());
    }

    public String pathOf(Row row) {
        return pathOf(written(row));
    }

    private String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /// The name by which the file has it: the present one, unless only the former one is there.
    private String written(Row row) {
        if (!group.rows().contains(row))
            throw new IllegalArgumentException("'%s' is no key of '%s'".formatted(row.path(), group.path()));
        boolean former = row instanceof Key<?> key
                && !mapping.entries().containsKey(key.name())
                && key.formerName().filter(mapping.entries()::containsKey).isPresent();
        return former ? ((Key<?>) row).formerName().orElseThrow() : row.name();
    }

    /// Line of a key, or of the section where it is absent.
    public int line(Row row) {
        return line(written(row));
    }

    private int line(String key) {
        var entry = mapping.entries().get(key);
        return entry == null ? mapping.line() : entry.line();
    }

    public void fault(Row row, String message) {
        faults.add(line(row), pathOf(row), message);
    }

    /// A fault about the section as a whole.
    public void fault(String message) {
        faults.add(mapping.line(), path, message);
    }

    /// Whether the key has a value, be it right or wrong.
    public boolean has(Row row) {
        return node(row).isPresent();
    }

    /// Whether the key is there with `null` or nothing.
    public boolean isNull(Row row) {
        var entry = mapping.entries().get(written(row));
        return entry != null && entry.value() instanceof Node.Null;
    }

    public boolean isEmptyList(Row row) {
        return node(row)
                .filter(node ->
                        node instanceof Node.Sequence list && list.items().isEmpty())
                .isPresent();
    }

    private Optional<Node> node(Row row) {
        return Optional.ofNullable(mapping.entries().get(written(row)))
                .map(Node.Entry::value)
                .filter(node -> !(node instanceof Node.Null));
    }

    /// What a reader makes of a group inside of this one; keys that the group does not have are faults.
    public <T> T read(Group inner, Function<Section, T> reader) {
        try (var section = section(inner)) {
            return reader.apply(section);
        }
    }

    public Section section(Group inner) {
        var node = node(inner).orElseGet(() -> Node.Mapping.empty(line(inner)));
        return of(node, pathOf(inner), inner, paths, faults);
    }

    /// A list of sections; empty if the key is absent.
    public List<Section> sections(Group inner) {
        return items(inner)
                .map(item -> of(item.node(), item.path(), inner, paths, faults))
                .toList();
    }

    public Optional<Node.Scalar> scalar(Key<?> key) {
        return node(key).flatMap(node -> scalar(node, pathOf(key)));
    }

    private Optional<Node.Scalar> scalar(Node node, String where) {
        if (node instanceof Node.Scalar scalar && scalar.text().contains(PRIVATE_KEY)) {
            faults.add(
                    node.line(),
                    where,
                    "is a private key itself; write the path of its file instead, and make a new key if others may have"
                            + " read these settings");
            return Optional.empty();
        }
        if (node instanceof Node.Scalar scalar && !scalar.text().isBlank()) return Optional.of(scalar);
        var kind = node instanceof Node.Scalar ? "empty text" : node.kind();
        faults.add(node.line(), where, "is %s; it should be a single value".formatted(kind));
        return Optional.empty();
    }

    /// The value that the file has.
    public <T> Optional<T> get(Key<T> key) {
        return get(key, key.type());
    }

    /// The same, of another type than the table has.
    public <T> Optional<T> get(Key<?> key, Type<T> type) {
        return scalar(key).flatMap(scalar -> parsed(scalar, pathOf(key), type));
    }

    /// The value that the file has, or else the default of the table.
    public <T> T value(Key<T> key) {
        return get(key).orElseGet(() -> preset(key));
    }

    private static <T> T preset(Key<T> key) {
        if (key.preset() instanceof Preset.Value<T>(var value)) return value;
        throw new IllegalArgumentException(key.path() + " has no fixed default");
    }

    private <T> Optional<T> parsed(Node.Scalar scalar, String where, Type<T> type) {
        try {
            return Optional.of(type.parser().parse(scalar.text(), paths));
        } catch (IllegalArgumentException e) {
            faults.add(scalar.line(), where, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /// The list of a key; empty if the key is absent.
    public <T> List<T> values(Key<T> key) {
        return placed(key).stream().map(Placed::value).toList();
    }

    /// A value and where it stands.
    public record Placed<T>(T value, int line, String path) {}

    /// The same, with the places.
    public <T> List<Placed<T>> placed(Key<T> key) {
        return items(key)
                .flatMap(item -> scalar(item.node(), item.path())
                        .flatMap(scalar -> parsed(scalar, item.path(), key.type())
                                .map(value -> new Placed<>(value, scalar.line(), item.path())))
                        .stream())
                .toList();
    }

    private record Item(Node node, String path) {}

    private Stream<Item> items(Row row) {
        var node = node(row);
        if (node.isEmpty()) return Stream.empty();
        if (node.get() instanceof Node.Sequence sequence) {
            var items = new ArrayList<Item>();
            for (var item : sequence.items()) items.add(new Item(item, pathOf(row) + "[" + items.size() + "]"));
            return items.stream();
        }
        faults.add(
                node.get().line(),
                pathOf(row),
                "is %s; it should be a list, such as [a, b]"
                        .formatted(node.get().kind()));
        return Stream.empty();
    }

    /// Of a key with a group in which any name may stand.
    ///
    /// @param parser of name and text; throws [IllegalArgumentException] with a message for people
    public <T> SortedMap<String, T> named(Key<?> key, BiFunction<String, String, T> parser) {
        var values = new TreeMap<String, T>();
        switch (node(key).orElseGet(() -> Node.Mapping.empty(line(key)))) {
            case Node.Mapping named ->
                named.entries().forEach((name, entry) -> {
                    var where = pathOf(key) + "." + name;
                    if (entry.value() instanceof Node.Null) return;
                    var type = Type.of(key.type().words(), key.type().shape(), text -> parser.apply(name, text));
                    scalar(entry.value(), where)
                            .flatMap(scalar -> parsed(scalar, where, type))
                            .ifPresent(value -> values.put(name, value));
                });
            case Node other -> faults.add(other.line(), pathOf(key), noGroup(other));
        }
        return values;
    }

    /// Notes a fault if the key has no value.
    public void require(Key<?> key) {
        if (!has(key) && key.preset() instanceof Preset.Required<?>(var meaning)) fault(key, "is missing: " + meaning);
    }

    /// Notes a fault for each key that is not in the table, and for each that has both its names; a warning for each
    /// that has its former one.
    @Override
    public void close() {
        var known = group.rows().stream().map(Row::name).toList();
        mapping.entries().forEach((name, entry) -> {
            if (known.contains(name)) return;
            var now = group.keys().stream()
                    .filter(key -> key.formerName().filter(name::equals).isPresent())
                    .findFirst();
            if (now.isEmpty()) faults.add(entry.line(), pathOf(name), "unknown key" + Spelling.hint(name, known));
            else former(name, entry.line(), now.get().name());
        });
    }

    private void former(String name, int line, String now) {
        var given = mapping.entries().get(now);
        if (given == null)
            faults.warn(line, pathOf(name), "this is now called `%s`; the old name still works".formatted(pathOf(now)));
        else
            faults.add(
                    line,
                    pathOf(name),
                    "this is the old name of `%s`, which line %d has too; take one away"
                            .formatted(pathOf(now), given.line()));
    }
}
