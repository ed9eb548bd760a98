/// The SSH server for clients: public keys only, and no commands but the two of Nix. Start with `SshFrontEnd`.
@NullMarked
package dispatcher.ssh.server;

import org.jspecify.annotations.NullMarked;
