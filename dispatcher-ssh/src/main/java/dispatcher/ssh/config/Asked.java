package dispatcher.ssh.config;

import java.nio.file.Path;
import java.util.Optional;

/// Which host's settings are looked up, and by whom.
///
/// @param name      of the host as it is given, often an alias
/// @param user      the login there, if it is settled already
/// @param port      likewise
/// @param home      of the user who asks
/// @param localUser who asks
public record Asked(String name, Optional<String> user, Optional<Integer> port, Path home, String localUser) {
    /// By the user of this process.
    public static Asked byUs(String name, Optional<String> user, Optional<Integer> port) {
        return new Asked(name, user, port, Path.of(System.getProperty("user.home")), System.getProperty("user.name"));
    }
}
