package dispatcher.ssh.tunnel;

import dispatcher.ssh.Waiting;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.Session;

/// Bytes to and from a port that the other side of an SSH connection has connected to for us. One thread reads and one
/// writes; any may close it.
public final class Tunnel implements AutoCloseable {
    private final TunnelChannel channel;

    private Tunnel(TunnelChannel channel) {
        this.channel = channel;
    }

    /// The other side does not connect.
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;
        private final int code;

        RefusedException(SshChannelOpenException cause) {
            super(cause.getMessage(), cause);
            code = cause.getReasonCode();
        }

        /// `SSH_OPEN_…`
        public int code() {
            return code;
        }
    }

    /// Opens a channel; the connection goes on if that fails.
    ///
    /// @throws RefusedException if the other side says no
    /// @throws IOException      if it says nothing in time, or the connection breaks
    public static Tunnel open(Session session, TunnelTarget target, Duration limit)
            throws IOException, InterruptedException {
        TunnelChannel channel = new TunnelChannel(target);
        boolean ready = false;
        try {
            OpenFuture opened;
            try {
                session.getService(ConnectionService.class).registerChannel(channel);
                opened = channel.open();
            } catch (IllegalStateException e) {
                throw new IOException("the connection broke", e);
            }
            if (!Waiting.done(opened, limit))
                throw new IOException("there was no word on a channel within " + Waiting.seconds(limit));
            if (!opened.isOpened()) {
                if (opened.getException() instanceof SshChannelOpenException refused)
                    throw new RefusedException(refused);
                throw new IOException("the connection broke", opened.getException());
            }
            ready = true;
            return new Tunnel(channel);
        } finally {
            if (!ready) abandon(channel);
        }
    }

    /// On another thread, as the library may block it.
    private static void abandon(TunnelChannel channel) {
        Thread.ofVirtual().name("ssh-close tunnel").start(() -> channel.close(false));
    }

    InputStream in() {
        return channel.in();
    }

    OutputStream out() {
        return channel.getInvertedIn();
    }

    /// `action` runs once it is closed, from either side.
    public void onClose(Runnable action) {
        channel.addCloseFutureListener(_ -> action.run());
    }

    /// Readers and writers stop at once.
    @Override
    public void close() {
        channel.abort();
        abandon(channel);
    }
}
