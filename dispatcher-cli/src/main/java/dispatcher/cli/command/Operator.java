package dispatcher.cli.command;

import java.util.Optional;

/// Who calls this program.
public final class Operator {
    private Operator() {}

    /// The name of the user, behind `sudo` too.
    public static String name() {
        return Optional.ofNullable(System.getenv("SUDO_USER"))
                .filter(name -> !name.isBlank())
                .orElse(System.getProperty("user.name", "?"));
    }
}
