package dispatcher.store.host;

import dispatcher.wire.CommandChannel;
import dispatcher.wire.ProcessChannel;
import dispatcher.wire.Transport;
import dispatcher.wire.UnreachableException;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The way to a Nix daemon of this host, at its socket. What else is started on a machine is started as a process of
/// ours.
public final class DaemonTransport implements Transport {
    /// Where Nix has its daemon listen.
    public static final Path DEFAULT_SOCKET = Path.of("/nix/var/nix/daemon-socket/socket");

    private static final String DAEMON = "nix-daemon --stdio";

    private final Path socket;

    public DaemonTransport(Path socket) {
        this.socket = socket;
    }

    @Override
    public CommandChannel open(String command) throws IOException {
        return command.equals(DAEMON) ? connect() : ProcessChannel.start(List.of("/bin/sh", "-c", command));
    }

    /// A new conversation with the daemon, before the handshake.
    ///
    /// @throws UnreachableException if it does not listen, or not to us
    UnixSocketChannel connect() throws IOException {
        try {
            return UnixSocketChannel.connect(socket);
        } catch (ConnectException e) {
            throw unreachable("nothing listens there", "start nix-daemon on this host", e);
        } catch (IOException e) {
            if (!Files.exists(socket))
                throw unreachable(
                        "there is no such socket, or it is hidden from the dispatcher",
                        "start nix-daemon on this host, or name its socket with `socket` in the settings",
                        e);
            throw unreachable(
                    String.valueOf(e.getMessage()),
                    "see who may write to that socket, and as whom the dispatcher runs",
                    e);
        }
    }

    private UnreachableException unreachable(String why, String next, IOException cause) {
        return new UnreachableException(
                UnreachableException.Kind.REFUSED,
                "cannot connect to this host's Nix daemon at %s: %s".formatted(socket, why),
                next,
                cause);
    }

    /// There is no connection that could be missing.
    @Override
    public Optional<CommandChannel> openIfConnected(String command) throws IOException {
        return Optional.of(open(command));
    }

    @Override
    public boolean answers(Duration limit) {
        try {
            connect().close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        // Conversations have connections of their own.
    }
}
