package dispatcher.ssh.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What ssh_config says of a host. Paths are absolute.
///
/// @param host           to be connected to; the name that was asked for if nothing else is said
/// @param identityFiles  private keys, or public ones whose private key an agent has, best first
/// @param certificates   for these keys, beside those that are next to their files
/// @param identitiesOnly whether an agent's other keys are not to be shown
/// @param agent          the agent's socket; `none` for no agent, `SSH_AUTH_SOCK` for that of the environment
/// @param hostKeyAlias   by which its key is known instead of its name
/// @param jumps          hosts on the way there, the first one first; empty if there are none
/// @param knownHosts     files of known hosts; empty if it names none
/// @param origins        which lines said that
/// @param warnings       what could not be used, each with file and line
public record HostSettings(
        String host,
        Optional<Integer> port,
        Optional<String> user,
        List<Path> identityFiles,
        List<Path> certificates,
        boolean identitiesOnly,
        Optional<String> agent,
        Optional<String> hostKeyAlias,
        List<String> jumps,
        List<Path> knownHosts,
        List<Origin> origins,
        List<String> warnings) {
    public HostSettings {
        identityFiles = List.copyOf(identityFiles);
        certificates = List.copyOf(certificates);
        jumps = List.copyOf(jumps);
        knownHosts = List.copyOf(knownHosts);
        origins = List.copyOf(origins);
        warnings = List.copyOf(warnings);
    }

    /// @param where `<file> line <n>`
    public record Origin(String keyword, String value, String where) {
        @Override
        public String toString() {
            return "%s %s (%s)".formatted(keyword, value, where);
        }
    }

    /// For people: which lines count; empty if none does.
    public String explained() {
        return origins.stream().map(Origin::toString).collect(Collectors.joining(", "));
    }
}
