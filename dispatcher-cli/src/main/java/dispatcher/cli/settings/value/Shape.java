package dispatcher.cli.settings.value;

import java.util.List;

/// What an editor can check of a value. The reader of the settings is stricter; it never refuses less.
public sealed interface Shape {
    /// Any text.
    record Text() implements Shape {}

    /// Text that an expression, in the dialect of ECMA, matches as a whole.
    record Pattern(String expression) implements Shape {}

    record Whole(int least, int most) implements Shape {}

    /// A number, with a fraction or without.
    record Above(double bound) implements Shape {}

    /// One of these words.
    record Words(List<String> words) implements Shape {
        public Words {
            words = List.copyOf(words);
        }
    }

    /// `true` or `false`, `yes` or `no`.
    record Flag() implements Shape {}

    record Either(List<Shape> shapes) implements Shape {
        public Either {
            shapes = List.copyOf(shapes);
        }
    }

    /// Names of resources with their amounts.
    record Amounts() implements Shape {}
}
