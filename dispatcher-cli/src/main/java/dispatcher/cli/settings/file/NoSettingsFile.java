package dispatcher.cli.settings.file;

import dispatcher.cli.settings.Settings;
import dispatcher.machine.file.MachinesFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What counts where there is no settings file: the machines of Nix on this host and those of `machines.d`, a socket
/// for the clients of this host, and a default for all else.
///
/// @param place       where the settings file would be, beside which `machines.d` is read
/// @param nixMachines the file in which Nix has its machines
record NoSettingsFile(Surroundings surroundings, Path place, Path nixMachines) {
    static final Path NIX_MACHINES = Path.of("/etc/nix/machines");

    /// In faults, in place of a file.
    static final String NAME = "(no settings file)";

    /// @param systemWide where a file of the system would be
    static NoSettingsFile of(Surroundings surroundings, Path systemWide, Path nixMachines) {
        var place = isSystem(surroundings)
                ? systemWide
                : surroundings
                        .variable("XDG_CONFIG_HOME")
                        .map(Path::of)
                        .orElse(surroundings.home().resolve(".config"))
                        .resolve("dispatcher/dispatcher.yaml");
        return new NoSettingsFile(surroundings, place, nixMachines);
    }

    private static boolean isSystem(Surroundings surroundings) {
        return surroundings.user().equals("root");
    }

    /// Whether some machine is named; if so, the settings can be read.
    boolean hasMachines() {
        try {
            return hasEntries()
                    || !MachineFiles.in(place.resolveSibling(MachineFiles.DIRECTORY))
                            .isEmpty();
        } catch (IOException e) {
            return false;
        }
    }

    /// NixOS makes an empty file where no machine is set.
    private boolean hasEntries() throws IOException {
        return Files.exists(nixMachines)
                && Files.readString(nixMachines)
                        .lines()
                        .anyMatch(line -> !line.isBlank() && !line.strip().startsWith("#"));
    }

    /// The text of a settings file that says the same.
    private String text() throws IOException {
        var text = "listen: {socket: %s}\nstate: %s\n".formatted(quoted(socket()), quoted(state()));
        return hasEntries() ? text + "machinesFile: %s\n".formatted(quoted(nixMachines)) : text;
    }

    private static String quoted(Path path) {
        return "'%s'".formatted(path.toString().replace("'", "''"));
    }

    Path state() {
        if (isSystem(surroundings)) return Path.of("/var/lib/dispatcher");
        return surroundings
                .variable("XDG_STATE_HOME")
                .map(Path::of)
                .orElse(surroundings.home().resolve(".local/state"))
                .resolve("dispatcher");
    }

    private Path socket() {
        if (isSystem(surroundings)) return Path.of("/run/dispatcher/dispatcher.sock");
        return Optional.of("XDG_RUNTIME_DIR")
                .flatMap(surroundings::variable)
                .map(directory -> Path.of(directory).resolve("dispatcher"))
                .orElse(state())
                .resolve("dispatcher.sock");
    }

    /// @param joined machines that were added at run time
    /// @throws dispatcher.cli.settings.yaml.SettingsException if no machine can be used
    Settings read(List<MachinesFile.Source> joined) throws IOException {
        return SettingsReader.withoutFile(place, NAME, surroundings, joined).read(text());
    }
}
