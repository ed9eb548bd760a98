package dispatcher.cli.init;

import dispatcher.cli.doctor.Programs;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.PublicHostKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Puts our key into the authorized_keys of a machine, by the `ssh` of this host and whatever lets its user in there:
/// an agent, a key, or a password, for which ssh asks at the terminal.
///
/// @param identity a private key for ssh to log in with
/// @param asks     whether somebody is there to answer ssh
record KeyCopy(Programs programs, Optional<Path> identity, boolean asks) {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    /// @param login   `[USER@]HOST`
    /// @param hostKey that the machine must show
    /// @param line    for authorized_keys
    void copy(String login, int port, PublicHostKey hostKey, String line) throws InterruptedException {
        try {
            var knownHosts = Files.createTempFile("dispatcher-init", ".known_hosts");
            try {
                var host = login.substring(login.indexOf('@') + 1);
                var name = port == MachineAddress.SSH_PORT ? host : "[%s]:%d".formatted(host, port);
                Files.writeString(knownHosts, "%s %s%n".formatted(name, hostKey));
                var ran = programs.run(LIMIT, command(login, port, knownHosts, line));
                if (!ran.worked()) throw failed(login, ran.err().strip(), line);
            } finally {
                Files.deleteIfExists(knownHosts);
            }
        } catch (IOException e) {
            throw failed(login, e.toString(), line);
        }
    }

    private List<String> command(String login, int port, Path knownHosts, String line) {
        var command = new ArrayList<>(List.of("ssh", "-p", Integer.toString(port)));
        command.addAll(List.of("-o", "StrictHostKeyChecking=yes", "-o", "UserKnownHostsFile=" + knownHosts));
        if (!asks) command.addAll(List.of("-o", "BatchMode=yes"));
        identity.ifPresent(file -> command.addAll(List.of("-i", file.toString())));
        command.addAll(List.of("--", login, script(line)));
        return command;
    }

    /// Adds the line once.
    private static String script(String line) {
        return "umask 077; mkdir -p .ssh; touch .ssh/authorized_keys; grep -qxF '%1$s' .ssh/authorized_keys || echo '%1$s' >> .ssh/authorized_keys"
                .formatted(line);
    }

    private static UserFacingException failed(String login, String why, String line) {
        return new UserFacingException(
                "cannot put the key into authorized_keys of " + login,
                why,
                "see that `ssh %s` lets you in, or add this line there yourself and leave out --copy-id:\n%s"
                        .formatted(login, line));
    }
}
