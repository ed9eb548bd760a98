package dispatcher.cli.settings.file;

import dispatcher.machine.file.MachinesFile;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What settings depend on beside their text.
///
/// @param directory   the current one
/// @param home        the user's, for `~/`
/// @param user        the login name
/// @param system      the platform of this host as Nix calls it, e.g. `x86_64-linux`
/// @param environment variables by name
public record Surroundings(Path directory, Path home, String user, String system, Map<String, String> environment) {
    public Surroundings {
        environment = Map.copyOf(environment);
    }

    /// Those of this process.
    public static Surroundings ofProcess() {
        return new Surroundings(
                Path.of("").toAbsolutePath(),
                Path.of(System.getProperty("user.home")),
                System.getProperty("user.name"),
                system(System.getProperty("os.name"), System.getProperty("os.arch")),
                System.getenv());
    }

    /// Nix's name of a platform that Java calls `os` and `architecture`.
    static String system(String os, String architecture) {
        var kernel = os.startsWith("Mac") ? "darwin" : os.toLowerCase(Locale.ROOT);
        var processor = switch (architecture) {
            case "amd64" -> "x86_64";
            case "x86", "i386" -> "i686";
            case "ppc64le" -> "powerpc64le";
            default -> architecture;
        };
        return processor + "-" + kernel;
    }

    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    MachinesFile.Defaults machineDefaults() {
        return new MachinesFile.Defaults(user, system);
    }

    /// A path from a settings file: `~/` is the home directory, a relative one starts at `base`.
    Path resolve(Path base, String text) {
        if (text.equals("~")) return home;
        return text.startsWith("~/")
                ? home.resolve(text.substring(2)).normalize()
                : base.resolve(text).normalize();
    }
}
