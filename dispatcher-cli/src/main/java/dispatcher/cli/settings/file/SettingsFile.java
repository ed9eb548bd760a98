package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Finds the settings file and reads it.
public final class SettingsFile {
    static final String VARIABLE = "DISPATCHER_CONFIG";
    private static final Path SYSTEM_WIDE = Path.of("/etc/dispatcher/dispatcher.yaml");
    private static final String EXAMPLE = "config/dispatcher.example.yaml";

    private SettingsFile() {}

    /// Reads the file that the operator named.
    ///
    /// @throws UserFacingException if it cannot be read; a `SettingsException` if it has faults
    public static Settings load(Path file, Surroundings surroundings) {
        return read(surroundings.directory().resolve(file), surroundings);
    }

    /// Reads the file that `$DISPATCHER_CONFIG` names, else `dispatcher.yaml` in the current directory, else
    /// `/etc/dispatcher/dispatcher.yaml`.
    ///
    /// @throws UserFacingException if there is none or it cannot be read; a `SettingsException` if it has faults
    public static Settings load(Surroundings surroundings) {
        return load(surroundings, SYSTEM_WIDE);
    }

    static Settings load(Surroundings surroundings, Path systemWide) {
        var named = surroundings.variable(VARIABLE);
        if (named.isPresent()) return load(Path.of(named.get()), surroundings);
        var places = List.of(surroundings.directory().resolve("dispatcher.yaml"), systemWide);
        for (var place : places) {
            if (Files.exists(place)) return read(place, surroundings);
        }
        throw new UserFacingException(
                "there is no settings file",
                "looked for --config (not given), $%s (not set), %s"
                        .formatted(VARIABLE, places.stream().map(Path::toString).collect(Collectors.joining(", "))),
                "copy %s to one of these places and edit it, or name a file with --config".formatted(EXAMPLE));
    }

    /// Reads the same file once more. Faults name it in full, as people elsewhere read them.
    ///
    /// @throws UserFacingException as [#load]
    public static Settings again(Settings settings, Surroundings surroundings) {
        var file = settings.file();
        return read(file, new SettingsReader(file, file.toString(), surroundings), surroundings);
    }

    private static Settings read(Path file, Surroundings surroundings) {
        return read(file, new SettingsReader(file, surroundings), surroundings);
    }

    private static Settings read(Path file, SettingsReader reader, Surroundings surroundings) {
        try {
            return reader.read(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new UserFacingException(
                    "cannot read the settings",
                    "there is no file " + file,
                    "correct the name, or copy %s there and edit it".formatted(EXAMPLE),
                    e);
        } catch (CharacterCodingException e) {
            throw new UserFacingException(
                    "cannot read the settings", file + " is not UTF-8 text", "name a YAML file with --config", e);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot read the settings",
                    Files.isDirectory(file) ? file + " is a directory" : describe(e),
                    "see that %s can read %s".formatted(surroundings.user(), file),
                    e);
        }
    }

    private static String describe(IOException e) {
        return e.getClass().getSimpleName().replace("Exception", "") + ": " + e.getMessage();
    }
}
