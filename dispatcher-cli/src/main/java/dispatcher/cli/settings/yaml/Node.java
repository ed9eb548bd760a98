package dispatcher.cli.settings.yaml;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// A piece of a YAML document that knows its line.
public sealed interface Node {
    /// Where it begins, from 1.
    int line();

    /// What it is, for messages.
    String kind();

    /// @param block     whether it is a block scalar (`|`, `>`), whose text begins on the next line
    record Scalar(int line, String text, boolean block) implements Node {
        @Override
        public String kind() {
            return "text";
        }
    }

    /// Nothing, `~` or `null`.
    record Null(int line) implements Node {
        @Override
        public String kind() {
            return "nothing";
        }
    }

    record Sequence(int line, List<Node> items) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }

    /// A key with its value.
    ///
    /// @param line of the key
    record Entry(int line, Node value) {}

    /// @param entries in the order of the file
    record Mapping(int line, SequencedMap<String, Entry> entries) implements Node {
        @Override
        public String kind() {
            return "a group of keys";
        }

        public static Mapping empty(int line) {
            return new Mapping(line, new LinkedHashMap<>());
        }
    }
}
