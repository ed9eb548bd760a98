package dispatcher.cli.init;

import dispatcher.cli.settings.Settings;
import dispatcher.cli.settings.file.SettingsFile;
import dispatcher.cli.settings.file.Surroundings;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;

/// The settings to be.
///
/// @param settings     where they are to be, absolute
/// @param machinesFile of Nix, whose machines count too
/// @param sshConfig    that says how machines are reached
record Draft(
        Path settings,
        Optional<Path> machinesFile,
        Optional<Path> sshConfig,
        Path socket,
        Optional<String> listenSsh,
        Path state,
        List<MachineEntry> machines) {
    Draft {
        machines = List.copyOf(machines);
    }

    String text() {
        var text = new StringBuilder("""
                # Made by `dispatcher init`. `dispatcher config reference` explains every key.
                listen:
                  socket: %s      # for Nix on this host
                """.formatted(quoted(socket.toString())));
        listenSsh.ifPresent(address -> text.append("  ssh: %s\n".formatted(quoted(address))));
        text.append("state: %s\n".formatted(quoted(state.toString())));
        sshConfig.ifPresent(file -> text.append("ssh:\n  config: %s\n".formatted(quoted(file.toString()))));
        machinesFile.ifPresent(file -> text.append("machinesFile: %s\n".formatted(quoted(file.toString()))));
        if (!machines.isEmpty()) text.append("machines:\n");
        machines.forEach(machine -> text.append(machine.yaml()));
        return text.toString();
    }

    private static String quoted(String text) {
        return "'%s'".formatted(text.replace("'", "''"));
    }

    /// Writes them beside their place.
    ///
    /// @param made gets the file, before it is made
    Path write(NewFiles made) {
        var half = settings.resolveSibling("." + settings.getFileName() + ".new");
        made.add(half);
        try {
            return Files.writeString(half, text());
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot write settings", e.toString(), "run this as root, or name another file with --config", e);
        }
    }

    /// @throws UserFacingException if they have faults
    Settings read(Path file) {
        return SettingsFile.load(file, Surroundings.ofProcess());
    }

    void moveInPlace(Path half) {
        try {
            Files.move(half, settings, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UserFacingException("cannot write settings", e.toString(), "see who may write there", e);
        }
    }
}
