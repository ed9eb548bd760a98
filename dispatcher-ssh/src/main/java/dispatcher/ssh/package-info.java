/// What our SSH client and server share: algorithms, sockets, channel streams, and the watch on a connection.
/// Types of the SSH library do not leave `dispatcher.ssh` and the packages in it. Start with
/// `ssh.client.SshTransports` for machines and `ssh.server.SshFrontEnd` for clients.
@NullMarked
package dispatcher.ssh;

import org.jspecify.annotations.NullMarked;
