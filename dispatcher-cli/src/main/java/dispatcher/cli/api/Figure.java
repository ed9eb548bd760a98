package dispatcher.cli.api;

import java.util.Optional;
import java.util.function.Function;

/// A value that is known, or unknown as nothing was ever seen that it could rest on, or that does not exist. In JSON:
/// itself, null, or left out.
public sealed interface Figure<T> {
    record Known<T>(T value) implements Figure<T> {}

    record Unknown<T>() implements Figure<T> {}

    record Absent<T>() implements Figure<T> {}

    static <T> Figure<T> known(T value) {
        return new Known<>(value);
    }

    static <T> Figure<T> unknown() {
        return new Unknown<>();
    }

    static <T> Figure<T> absent() {
        return new Absent<>();
    }

    /// Known, or unknown if it is empty.
    static <T> Figure<T> ofKnown(Optional<T> value) {
        return value.map(Figure::known).orElseGet(Figure::unknown);
    }

    default boolean isUnknown() {
        return this instanceof Unknown;
    }

    /// Its value, if there is one.
    default Optional<T> toOptional() {
        return this instanceof Known<T>(var value) ? Optional.of(value) : Optional.empty();
    }

    /// @param unknown what stands for an unknown value
    /// @param absent  what stands for a value that does not exist
    default <R> R show(Function<T, R> known, R unknown, R absent) {
        return switch (this) {
            case Known<T>(var value) -> known.apply(value);
            case Unknown<T>() -> unknown;
            case Absent<T>() -> absent;
        };
    }
}
