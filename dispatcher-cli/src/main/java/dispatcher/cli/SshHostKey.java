package dispatcher.cli;

import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.terminal.UserFacingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The host key of our SSH server.
final class SshHostKey implements HostKeySource {
    @Override
    public String publicHostKeyLine(Path file) {
        try {
            return Files.readString(file.resolveSibling(file.getFileName() + ".pub"));
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot read the public host key",
                    String.valueOf(e.getMessage()),
                    "start `dispatcher serve` once",
                    e);
        }
    }
}
