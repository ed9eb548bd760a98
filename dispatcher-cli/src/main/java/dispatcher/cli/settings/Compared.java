package dispatcher.cli.settings;

import dispatcher.cli.settings.value.Durations;
import dispatcher.cli.settings.value.Effect;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// What settings say of one key, or of one list of groups, and when another value of it counts.
///
/// @param name  as in the file
/// @param value what can be compared
/// @param shown the value for people, never a secret
public record Compared(String name, Effect effect, Function<Settings, Object> value, Function<Settings, String> shown) {

    static Compared of(String name, Effect effect, Function<Settings, Object> value) {
        return new Compared(name, effect, value, settings -> show(value.apply(settings)));
    }

    /// For a list that is shown by the names of its elements.
    static Compared named(
            String name, Effect effect, Function<Settings, Object> value, Function<Settings, String> names) {
        return new Compared(
                name,
                effect,
                value,
                settings -> Optional.of(names.apply(settings))
                        .filter(text -> !text.isEmpty())
                        .orElse("none"));
    }

    private static String show(Object value) {
        return switch (value) {
            case Optional<?> optional -> optional.isPresent() ? show(optional.get()) : "none";
            case Duration duration -> Durations.format(duration);
            case Collection<?> all -> all.stream().map(Compared::show).collect(Collectors.joining(", "));
            default -> value.toString();
        };
    }

    public boolean differs(Settings before, Settings after) {
        return !value.apply(before).equals(value.apply(after));
    }

    /// For example `timeouts.nixReply: 2m -> 5m`.
    public String describe(Settings before, Settings after) {
        var from = shown.apply(before);
        var to = shown.apply(after);
        return from.equals(to) ? "%s: changed (%s)".formatted(name, to) : "%s: %s -> %s".formatted(name, from, to);
    }
}
