package dispatcher.ssh.client;

import dispatcher.ssh.tunnel.Tunnel;
import dispatcher.ssh.tunnel.TunnelSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntry;
import org.apache.sshd.client.future.ConnectFuture;
import org.apache.sshd.client.future.DefaultConnectFuture;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;

/// The library's client, with two ways to connect that it keeps for itself: to an address, which it would look up again
/// by its name (Apache MINA SSHD 2.20.0), and through a tunnel, for which it would listen at a port of this host.
final class MachineClient extends SshClient {
    /// @param socket resolved
    ConnectFuture connectTo(InetSocketAddress socket, String user, AttributeRepository context) throws IOException {
        return doConnect(user, socket, context, null, KeyIdentityProvider.EMPTY_KEYS_PROVIDER, entry(socket, user));
    }

    /// @param named what the tunnel leads to, not resolved
    ConnectFuture connectThrough(Tunnel tunnel, InetSocketAddress named, String user, AttributeRepository context)
            throws IOException {
        ConnectFuture future = new DefaultConnectFuture(user + "@" + named, null);
        TunnelSocket socket = new TunnelSocket(tunnel, named, getSessionFactory(), connector);
        socket.setAttribute(AttributeRepository.class, context);
        boolean begun = false;
        try {
            socket.start();
            onConnectOperationComplete(
                    socket, future, user, named, KeyIdentityProvider.EMPTY_KEYS_PROVIDER, entry(named, user));
            begun = true;
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        } finally {
            if (!begun) socket.close(true);
        }
        return future;
    }

    private static HostConfigEntry entry(InetSocketAddress socket, String user) {
        HostConfigEntry entry = new HostConfigEntry("", socket.getHostString(), socket.getPort(), user);
        entry.setIdentitiesOnly(true);
        return entry;
    }
}
