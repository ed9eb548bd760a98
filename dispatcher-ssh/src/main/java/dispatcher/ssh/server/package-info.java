/// The SSH server for clients: public keys only, and no commands but the two of Nix. What a client may do, and what
/// its conversation says, belongs to `dispatcher.access` and `dispatcher.protocol`. Start with `SshFrontEnd`.
@NullMarked
package dispatcher.ssh.server;

import org.jspecify.annotations.NullMarked;
