package dispatcher.cli.command;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// `--config`, for every command that needs the settings.
public final class SettingsOption {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = {
                "The settings. Without it: $DISPATCHER_CONFIG, else dispatcher.yaml in the current directory, else"
                        + " /etc/dispatcher/dispatcher.yaml."
            })
    private Optional<Path> file = Optional.empty();

    /// This one if it is given, else that of the command above, which may be given instead.
    public SettingsOption or(SettingsOption above) {
        return file.isPresent() ? this : above;
    }

    /// Finds and reads the settings.
    ///
    /// @throws dispatcher.cli.terminal.UserFacingException if there are none, they cannot be read or have faults
    public Settings load() {
        return load(Surroundings.ofProcess());
    }

    /// Finds the settings and reads where the dispatcher has its state.
    ///
    /// @throws dispatcher.cli.terminal.UserFacingException as [#load], but not for faults elsewhere in them
    public Path state() {
        var surroundings = Surroundings.ofProcess();
        return file.map(named -> SettingsFile.state(named, surroundings))
                .orElseGet(() -> SettingsFile.state(surroundings));
    }

    public Settings load(Surroundings surroundings) {
        return file.map(named -> SettingsFile.load(named, surroundings))
                .orElseGet(() -> SettingsFile.load(surroundings));
    }
}
