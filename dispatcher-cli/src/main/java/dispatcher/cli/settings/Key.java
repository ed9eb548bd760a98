package dispatcher.cli.settings;

import dispatcher.cli.settings.value.Effect;
import dispatcher.cli.settings.value.Type;
import java.util.Optional;
import java.util.function.Function;

/// One key of the settings: all that is known of it. What reads the file, compares two of them, and explains the
/// settings goes by this.
///
/// @param type       of the value, or of each value of a list
/// @param isList     whether the file has a list of such values
/// @param preset     what it is if the file does not say it: the value itself, or words for one that depends on others
/// @param example    for the example file: a value as text
/// @param isLive     whether the example file sets it; else it has it in a comment
/// @param formerName what it was called before
/// @param compared   its value in settings that were read, if they hold one of it
public record Key<T>(
        String path,
        String help,
        Type<T> type,
        boolean isList,
        Preset<T> preset,
        String example,
        boolean isLive,
        Optional<String> formerName,
        Effect effect,
        Optional<Compared> compared)
        implements Row {

    /// What a key is that the file does not have.
    public sealed interface Preset<T> {
        record Value<T>(T value) implements Preset<T> {}

        /// What the program derives from other things, or nothing.
        record Words<T>(String words) implements Preset<T> {}

        /// Nothing: that is a fault.
        ///
        /// @param meaning for the fault
        record Required<T>(String meaning) implements Preset<T> {}
    }

    public static <T> Builder<T> of(String path, Type<T> type) {
        return new Builder<>(path, type, false);
    }

    /// Of a key with a list.
    public static <T> Builder<T> list(String path, Type<T> elements) {
        return new Builder<>(path, elements, true);
    }

    /// The default, for people.
    public String presetWords() {
        return switch (preset) {
            case Preset.Value<T>(var value) -> type.shown().apply(value);
            case Preset.Words<T>(var words) -> words;
            case Preset.Required<T> _ -> "required";
        };
    }

    /// The type, for people.
    public String typeWords() {
        return isList ? "list: " + type.words() : type.words();
    }

    /// Puts a key together; [#help] is the last step.
    public static final class Builder<T> {
        private final String path;
        private final Type<T> type;
        private final boolean isList;
        private Preset<T> preset = new Preset.Words<>("none");
        private String example = "";
        private boolean isLive;
        private Optional<String> formerName = Optional.empty();
        private Effect effect = Effect.RESTART;
        private Optional<Compared> compared = Optional.empty();

        private Builder(String path, Type<T> type, boolean isList) {
            this.path = path;
            this.type = type;
            this.isList = isList;
        }

        /// The default.
        public Builder<T> preset(T value) {
            preset = new Preset.Value<>(value);
            return example(type.shown().apply(value));
        }

        /// The default where it is no fixed value.
        public Builder<T> presetIs(String words) {
            preset = new Preset.Words<>(words);
            return this;
        }

        /// @param meaning of the key, for the fault if it is missing
        public Builder<T> required(String meaning) {
            preset = new Preset.Required<>(meaning);
            return this;
        }

        /// What the example file has in a comment.
        public Builder<T> example(String text) {
            example = text;
            return this;
        }

        /// What the example file sets.
        public Builder<T> live(String text) {
            example = text;
            isLive = true;
            return this;
        }

        public Builder<T> formerly(String name) {
            formerName = Optional.of(name);
            return this;
        }

        /// When another value counts, of a key in a list of groups.
        public Builder<T> counts(Effect when) {
            effect = when;
            return this;
        }

        /// When another value counts.
        public Builder<T> counts(Effect when, Function<Settings, Object> value) {
            effect = when;
            compared = Optional.of(Compared.of(path, when, value));
            return this;
        }

        /// The same, of a list that is shown by what its elements are called.
        public Builder<T> counts(Effect when, Function<Settings, Object> value, Function<Settings, String> names) {
            effect = when;
            compared = Optional.of(Compared.named(path, when, value, names));
            return this;
        }

        /// @param text what the key is for, in whole sentences
        public Key<T> help(String text) {
            return new Key<>(
                    path,
                    text.strip().replaceAll("\\s+", " "),
                    type,
                    isList,
                    preset,
                    example,
                    isLive,
                    formerName,
                    effect,
                    compared);
        }
    }
}
