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

    public Settings load(Surroundings surroundings) {
        return file.map(named -> SettingsFile.load(named, surroundings))
                .orElseGet(() -> SettingsFile.load(surroundings));
    }
}
