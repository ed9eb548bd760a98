package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
    /// `/etc/dispatcher/dispatcher.yaml`. Where there is none, the machines of Nix on this host count, and those of
    /// `machines.d`, and a default for all else.
    ///
    /// @throws UserFacingException if there is nothing of that or it cannot be read; a `SettingsException` for
    ///                             faults
    public static Settings load(Surroundings surroundings) {
        return load(surroundings, SYSTEM_WIDE, NoSettingsFile.NIX_MACHINES);
    }

    static Settings load(Surroundings surroundings, Path systemWide, Path nixMachines) {
        var file = find(surroundings, systemWide);
        return file.isPresent()
                ? read(file.get(), surroundings)
                : read(without(surroundings, systemWide, nixMachines), List.of());
    }

    /// The directory for state that the file says which the operator named; nothing else of it is looked at.
    ///
    /// @throws UserFacingException if it cannot be read; a `SettingsException` if it has faults, and among them one
    ///                             for which it does not say that
    public static Path state(Path file, Surroundings surroundings) {
        var place = surroundings.directory().resolve(file);
        return new SettingsReader(place, surroundings)
                .state(text(place, surroundings))
                .orElseGet(() -> read(place, surroundings).state());
    }

    /// The same of the file that [#load] finds, or of what counts where there is none.
    public static Path state(Surroundings surroundings) {
        return state(surroundings, SYSTEM_WIDE, NoSettingsFile.NIX_MACHINES);
    }

    static Path state(Surroundings surroundings, Path systemWide, Path nixMachines) {
        var file = find(surroundings, systemWide);
        return file.isPresent()
                ? state(file.get(), surroundings)
                : without(surroundings, systemWide, nixMachines).state();
    }

    private static Optional<Path> find(Surroundings surroundings, Path systemWide) {
        var named = surroundings.variable(VARIABLE);
        return named.isPresent()
                ? Optional.of(surroundings.directory().resolve(named.get()))
                : places(surroundings, systemWide).stream()
                        .filter(Files::exists)
                        .findFirst();
    }

    private static List<Path> places(Surroundings surroundings, Path systemWide) {
        return List.of(surroundings.directory().resolve("dispatcher.yaml"), systemWide);
    }

    private static NoSettingsFile without(Surroundings surroundings, Path systemWide, Path nixMachines) {
        var without = NoSettingsFile.of(surroundings, systemWide, nixMachines);
        if (without.hasMachines()) return without;
        throw new NoSettingsFileException(
                "looked for --config (not given), $%s (not set), %s; nor is there a machine in %s"
                        .formatted(
                                VARIABLE,
                                places(surroundings, systemWide).stream()
                                        .map(Path::toString)
                                        .collect(Collectors.joining(", ")),
                                nixMachines),
                ("copy %s to one of these places and edit it, or name a file with --config; or begin with one machine and"
                                + " no settings: `dispatcher machine add --persist USER@HOST`")
                        .formatted(EXAMPLE),
                without.place());
    }

    /// Reads the same file once more. Faults name it in full, as people elsewhere read them.
    ///
    /// @throws UserFacingException as [#load]
    public static Settings again(Settings settings, Surroundings surroundings) {
        return again(settings, surroundings, List.of());
    }

    /// The same with machines that were added at run time.
    ///
    /// @param joined each as a file of `machines.d`
    /// @throws UserFacingException as [#load]
    public static Settings again(Settings settings, Surroundings surroundings, List<MachinesFile.Source> joined) {
        var file = settings.file();
        if (!settings.isWritten())
            return read(new NoSettingsFile(surroundings, file, NoSettingsFile.NIX_MACHINES), joined);
        return read(file, new SettingsReader(file, file.toString(), surroundings, joined), surroundings);
    }

    private static Settings read(NoSettingsFile without, List<MachinesFile.Source> joined) {
        try {
            return without.read(joined);
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot read the machines of Nix on this host",
                    describe(e),
                    "see that %s can read %s".formatted(without.surroundings().user(), without.nixMachines()),
                    e);
        }
    }

    private static Settings read(Path file, Surroundings surroundings) {
        return read(file, new SettingsReader(file, surroundings), surroundings);
    }

    private static Settings read(Path file, SettingsReader reader, Surroundings surroundings) {
        return reader.read(text(file, surroundings));
    }

    private static String text(Path file, Surroundings surroundings) {
        try {
            return Files.readString(file);
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
