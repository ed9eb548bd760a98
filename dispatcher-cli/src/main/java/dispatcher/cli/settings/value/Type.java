package dispatcher.cli.settings.value;

import java.nio.file.Path;
import java.util.function.Function;

/// What a value may be.
///
/// @param words for people, such as `duration`
/// @param shape for editors
/// @param shown the value as it is written in a settings file
public record Type<T>(String words, Shape shape, Parser<T> parser, Function<T, String> shown) {
    /// Reads the text of a value.
    @FunctionalInterface
    public interface Parser<T> {
        /// @param paths makes an absolute path of one that is written in the settings
        /// @throws IllegalArgumentException if the text is wrong, with a message for people
        T parse(String text, Function<String, Path> paths);
    }

    /// A type whose values are written as [Object#toString] shows them.
    public static <T> Type<T> of(String words, Shape shape, Function<String, T> parser) {
        return new Type<>(words, shape, (text, _) -> parser.apply(text), Object::toString);
    }

    public Type<T> shownBy(Function<T, String> text) {
        return new Type<>(words, shape, parser, text);
    }
}
