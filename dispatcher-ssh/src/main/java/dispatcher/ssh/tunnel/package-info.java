/// SSH connections through a channel of another SSH connection: to a host behind another one, and back to a machine
/// that has connected to us. Who may have such a channel is decided in `ssh.server`, which way is taken in
/// `ssh.client`.
/// Start
/// with `Tunnel` and `DialIns`.
@NullMarked
package dispatcher.ssh.tunnel;

import org.jspecify.annotations.NullMarked;
