/// The way to machines: one connection for each, on which commands run as channels. What is said over a channel
/// belongs to `dispatcher.protocol`. Start with `SshTransports`, then `Connection` and `Handshake`.
@NullMarked
package dispatcher.ssh.client;

import org.jspecify.annotations.NullMarked;
