package dispatcher.cli.settings;

import dispatcher.cli.terminal.Spelling;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// A group of keys while it is bound to values: asked for each key that it may have, it notes whatever is wrong
/// and answers with the default, so that reading goes on; [#close] then complains of the keys that nobody asked
/// for.
///
/// A key without a value (or with `null`) counts as absent. Confined to one thread.
final class Section implements AutoCloseable {
    /// What is in all private keys as SSH and OpenSSL write them. Faults quote values, which these must not be.
    private static final String PRIVATE_KEY = "PRIVATE KEY-----";

    private final Faults faults;
    private final String path;
    private final Node.Mapping mapping;
    private final Set<String> known = new HashSet<>();

    private Section(Faults faults, String path, Node.Mapping mapping) {
        this.faults = faults;
        this.path = path;
        this.mapping = mapping;
    }

    /// The section that a node is. If it is none, a fault is noted, and an empty section given whose faults
    /// nobody hears.
    static Section of(Node node, String path, Faults faults) {
        return switch (node) {
            case Node.Mapping mapping -> new Section(faults, path, mapping);
            case Node.Null nothing -> new Section(faults, path, Node.Mapping.empty(nothing.line()));
            default -> {
                faults.add(node.line(), path, "is %s; it should be a group of keys".formatted(node.kind()));
                yield new Section(new Faults(faults.file()), path, Node.Mapping.empty(node.line()));
            }
        };
    }

    String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /// Line of a key, or of the section where it is absent.
    int line(String key) {
        var entry = mapping.entries().get(key);
        return entry == null ? mapping.line() : entry.line();
    }

    int line() {
        return mapping.line();
    }

    void fault(String key, String message) {
        faults.add(line(key), pathOf(key), message);
    }

    /// A fault about the section as a whole.
    void fault(String message) {
        faults.add(mapping.line(), path, message);
    }

    /// Whether the key has a value, be it right or wrong.
    boolean has(String key) {
        return node(key).isPresent();
    }

    /// Whether the key is there with `null` or nothing.
    boolean isNull(String key) {
        known.add(key);
        var entry = mapping.entries().get(key);
        return entry != null && entry.value() instanceof Node.Null;
    }

    boolean isEmptyList(String key) {
        return node(key)
                .filter(node ->
                        node instanceof Node.Sequence list && list.items().isEmpty())
                .isPresent();
    }

    /// The keys that there are, in their order, for a section whose keys are names.
    Set<String> keys() {
        known.addAll(mapping.entries().keySet());
        return mapping.entries().keySet();
    }

    Optional<Node> node(String key) {
        known.add(key);
        return Optional.ofNullable(mapping.entries().get(key))
                .map(Node.Entry::value)
                .filter(node -> !(node instanceof Node.Null));
    }

    Section section(String key) {
        return of(node(key).orElseGet(() -> Node.Mapping.empty(line(key))), pathOf(key), faults);
    }

    Optional<Node.Scalar> scalar(String key) {
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

    Optional<String> text(String key) {
        return scalar(key).map(Node.Scalar::text);
    }

    /// A value by its parser, which throws [IllegalArgumentException] with a message for people.
    <T> Optional<T> value(String key, Function<String, T> parser) {
        return scalar(key).flatMap(scalar -> parsed(scalar, pathOf(key), parser));
    }

    private <T> Optional<T> parsed(Node.Scalar scalar, String where, Function<String, T> parser) {
        try {
            return Optional.of(parser.apply(scalar.text()));
        } catch (IllegalArgumentException e) {
            faults.add(scalar.line(), where, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    Optional<Integer> integer(String key, int least, int most) {
        return value(key, text -> {
            var plain = text.strip();
            if (plain.matches("[+-]?\\d{1,9}")) {
                int number = Integer.parseInt(plain);
                if (number >= least && number <= most) return number;
            }
            throw new IllegalArgumentException("'%s' is not a whole number %s".formatted(text, range(least, most)));
        });
    }

    private static String range(int least, int most) {
        return most == Integer.MAX_VALUE ? "of %d or more".formatted(least) : "from %d to %d".formatted(least, most);
    }

    Optional<Boolean> flag(String key) {
        return word(
                key,
                text -> switch (text) {
                    case "true", "yes" -> Optional.of(true);
                    case "false", "no" -> Optional.of(false);
                    default -> Optional.empty();
                },
                List.of("true", "false"));
    }

    /// One of several words.
    <T> Optional<T> word(String key, Function<String, Optional<T>> meaning, List<String> words) {
        return value(
                key,
                text -> meaning.apply(text)
                        .orElseThrow(() -> new IllegalArgumentException("'%s' is not one of %s%s"
                                .formatted(
                                        text,
                                        String.join(", ", words),
                                        Spelling.nearest(text, words)
                                                .map("; did you mean '%s'?"::formatted)
                                                .orElse("")))));
    }

    /// A list of texts; empty if the key is absent.
    List<String> texts(String key) {
        return items(key)
                .flatMap(item -> scalar(item.node(), item.path()).stream())
                .map(Node.Scalar::text)
                .toList();
    }

    /// A list of values by their parser; empty if the key is absent.
    <T> List<T> values(String key, Function<String, T> parser) {
        return placed(key, parser).stream().map(Placed::value).toList();
    }

    /// A value and where it stands.
    record Placed<T>(T value, int line, String path) {}

    /// The same, with the places.
    <T> List<Placed<T>> placed(String key, Function<String, T> parser) {
        return items(key)
                .flatMap(item -> scalar(item.node(), item.path())
                        .flatMap(scalar -> parsed(scalar, item.path(), parser)
                                .map(value -> new Placed<>(value, scalar.line(), item.path())))
                        .stream())
                .toList();
    }

    /// A list of sections; empty if the key is absent.
    List<Section> sections(String key) {
        return items(key).map(item -> of(item.node(), item.path(), faults)).toList();
    }

    /// In which faults are told.
    String file() {
        return faults.file();
    }

    private record Item(Node node, String path) {}

    private Stream<Item> items(String key) {
        var node = node(key);
        if (node.isEmpty()) return Stream.empty();
        if (node.get() instanceof Node.Sequence sequence) {
            var items = new ArrayList<Item>();
            for (var item : sequence.items()) items.add(new Item(item, pathOf(key) + "[" + items.size() + "]"));
            return items.stream();
        }
        faults.add(
                node.get().line(),
                pathOf(key),
                "is %s; it should be a list, such as [a, b]"
                        .formatted(node.get().kind()));
        return Stream.empty();
    }

    /// Notes a fault if the key has no value.
    void require(String key, String meaning) {
        if (!has(key)) faults.add(line(key), pathOf(key), "is missing: " + meaning);
    }

    /// Notes a fault for each key that nobody asked for.
    @Override
    public void close() {
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) faults.add(entry.line(), pathOf(key), "unknown key" + Spelling.hint(key, known));
        });
    }
}
