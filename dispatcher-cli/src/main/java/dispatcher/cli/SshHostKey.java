package dispatcher.cli;

import dispatcher.cli.builders.HostKeySource;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.ssh.server.SshFrontEnd;
import dispatcher.ssh.server.SshFrontEndException;
import java.nio.file.Path;

/// The host key of our SSH server.
final class SshHostKey implements HostKeySource {
    @Override
    public String publicHostKeyLine(Path file) {
        try {
            return SshFrontEnd.hostKeyLine(file);
        } catch (SshFrontEndException e) {
            throw new UserFacingException(
                    "cannot read the host key of our SSH server", String.valueOf(e.getMessage()), e.nextStep(), e);
        }
    }
}
