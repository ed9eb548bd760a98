package dispatcher.ssh.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Where the text of files of ssh_config is from.
interface ConfigSource {
    /// Nothing if there is no such file.
    ///
    /// @throws IOException if it cannot be read or must not be used, with a message for people
    Optional<String> read(Path file) throws IOException;

    /// The files whose path is as the pattern says, in their order; `*` and `?` stand for what they do in a shell.
    List<Path> matching(Path pattern);
}
