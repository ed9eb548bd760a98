package dispatcher.cli.reload;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Says to people what is in a value of the settings.
final class RecordWords {
    private RecordWords() {}

    /// Such as `image a, cpus 4.0`; what is absent, empty or false is left out.
    ///
    /// @param secret names of components of which only a number is shown that differs where they do
    static String of(Record value, Set<String> secret) {
        return Arrays.stream(value.getClass().getRecordComponents())
                .map(component -> words(component, value, secret))
                .filter(words -> !words.isEmpty())
                .collect(Collectors.joining(", "));
    }

    private static String words(RecordComponent component, Record value, Set<String> secret) {
        var part = content(component, value);
        boolean isEmpty = part instanceof Collection<?> all && all.isEmpty();
        if (part.equals("") || part.equals(false) || isEmpty) return "";
        if (secret.contains(component.getName()))
            return "%s #%s".formatted(component.getName(), HexFormat.of().toHexDigits(part.hashCode()));
        return "%s %s".formatted(component.getName(), part);
    }

    private static Object content(RecordComponent component, Record value) {
        try {
            var content = component.getAccessor().invoke(value);
            return content instanceof Optional<?> optional
                    ? optional.<Object>map(it -> it).orElse("")
                    : content;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record can be read", e);
        }
    }
}
