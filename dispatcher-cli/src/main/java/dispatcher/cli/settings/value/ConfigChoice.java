package dispatcher.cli.settings.value;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/// Which ssh_config is read.
public sealed interface ConfigChoice {
    /// That of the user who runs us, then that of the host.
    record Usual() implements ConfigChoice {}

    record None() implements ConfigChoice {}

    record File(Path path) implements ConfigChoice {}

    /// `yes`, `no`, or a path.
    Type<ConfigChoice> TYPE = new Type<>(
            "yes, no or a path",
            new Shape.Either(List.of(new Shape.Flag(), new Shape.Text())),
            ConfigChoice::parse,
            ConfigChoice::show);

    private static ConfigChoice parse(String text, Function<String, Path> paths) {
        return switch (text) {
            case "yes", "true" -> new Usual();
            case "no", "false" -> new None();
            default -> {
                if (!text.contains("/"))
                    throw new IllegalArgumentException(
                            "'%s' is neither yes nor no nor a path with a /".formatted(text));
                yield new File(paths.apply(text));
            }
        };
    }

    private static String show(ConfigChoice choice) {
        return switch (choice) {
            case Usual() -> "yes";
            case None() -> "no";
            case File(Path path) -> path.toString();
        };
    }

    /// The files, the first of which counts first.
    ///
    /// @param home of the user who runs us
    default List<Path> files(Path home) {
        return switch (this) {
            case Usual() -> List.of(home.resolve(".ssh/config"), Path.of("/etc/ssh/ssh_config"));
            case None() -> List.of();
            case File(Path path) -> List.of(path);
        };
    }
}
