package dispatcher.cli.builders;

import java.nio.file.Path;

/// Knows the key by which clients recognise our SSH server.
@FunctionalInterface
public interface HostKeySource {
    /// The public half of the key in `file`, as `<type> <base 64>`. The key is made if there is none.
    ///
    /// @throws dispatcher.cli.terminal.UserFacingException if the file cannot be used
    String publicHostKeyLine(Path file);
}
