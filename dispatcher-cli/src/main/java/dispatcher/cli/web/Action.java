package dispatcher.cli.web;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// What a form of a page does: a `POST` of the API.
///
/// @param name as in the form's address, such as `drain`
/// @param path of the endpoint, with its parameters in braces, which are taken from the fields
/// @param body made of the fields; throws [IllegalArgumentException] if one is wrong
/// @param says what came of it in words, by the answer; nothing if the page shows it anyway
public record Action(
        String name, String path, Function<Map<String, String>, Object> body, Function<Object, Optional<String>> says) {
    public Action(String name, String path, Function<Map<String, String>, Object> body) {
        this(name, path, body, _ -> Optional.empty());
    }

    /// The same, after which the page says something.
    ///
    /// @param words by the answer
    public Action saying(Function<Object, String> words) {
        return new Action(name, path, body, answer -> Optional.of(words.apply(answer)));
    }

    /// A field that must be there.
    ///
    /// @throws IllegalArgumentException if it is not
    public static String field(Map<String, String> fields, String name) {
        var value = fields.get(name);
        if (value == null || value.isBlank())
            throw new IllegalArgumentException("the field '%s' is missing".formatted(name));
        return value;
    }
}
