package dispatcher.ssh.client;

import dispatcher.machine.MachineAddress;
import dispatcher.ssh.config.HostSettings;
import dispatcher.ssh.keys.KeySearch;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Where a connection goes in the end, and what is shown there.
///
/// @param address    with what ssh_config has decided
/// @param keys       where its keys are, if its own is not named
/// @param hostKey    how its host key is looked up
/// @param jumps      hosts to go through, the first one first
/// @param settings   of ssh_config
record Target(
        MachineAddress address,
        KeySearch.Sources keys,
        HostKeyName hostKey,
        List<Target> jumps,
        HostSettings settings) {
    Target {
        jumps = List.copyOf(jumps);
    }

    /// Under which name the key of a host is known, and in which files.
    ///
    /// @param port not part of the name if it is 22
    record HostKeyName(String host, int port, List<Path> files) {
        HostKeyName {
            files = List.copyOf(files);
        }
    }

    /// For people, as the end of a next step: what of ssh_config counts here. Empty if none of it does.
    String remarks() {
        String explained = settings.explained();
        String lines = explained.isEmpty() ? "" : "; ssh_config: " + explained;
        return settings.warnings().isEmpty()
                ? lines
                : lines + "; not used of ssh_config: " + String.join("; ", settings.warnings());
    }

    /// The same for a name without an address, which may be an alias.
    String remarksOnName() {
        if (!settings.explained().isEmpty()) return remarks();
        List<Path> files = address.reach().sshConfig();
        return files.isEmpty()
                ? "; if it is an alias: ssh_config is not read for it, so write hostName, port, sshUser, sshKey and publicHostKey, or turn it on (sshConfig)"
                : "; if it is an alias, see why none of %s has it%s"
                        .formatted(files.stream().map(Path::toString).collect(Collectors.joining(", ")), remarks());
    }
}
