package dispatcher.wire.socket;

import dispatcher.wire.CommandChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import jdk.net.ExtendedSocketOptions;

/// A connection over a Unix domain socket, from either end. It has no standard error and no exit status.
public final class UnixSocketChannel implements CommandChannel {
    /// What a socket's address holds on macOS, the least of all systems, without the zero byte at the end.
    private static final int MAX_PATH_BYTES = 103;

    private final SocketChannel socket;

    public UnixSocketChannel(SocketChannel socket) {
        this.socket = socket;
    }

    public static UnixSocketChannel connect(Path path) throws IOException {
        return new UnixSocketChannel(SocketChannel.open(UnixDomainSocketAddress.of(path)));
    }

    /// Why no socket can ever have this path; for people.
    public static Optional<String> pathFault(Path path) {
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        return bytes <= MAX_PATH_BYTES
                ? Optional.empty()
                : Optional.of("%s has %d bytes; the path of a unix socket can have %d"
                        .formatted(path, bytes, MAX_PATH_BYTES));
    }

    /// The user that the process at the other end runs as, as the kernel saw it when that connected: its name, or
    /// its number if it has no name here.
    public String peerUser() throws IOException {
        return socket.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName();
    }

    @Override
    public InputStream in() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return socket.read(ByteBuffer.wrap(target, offset, length));
            }
        };
    }

    @Override
    public OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                var buffer = ByteBuffer.wrap(bytes, offset, length);
                while (buffer.hasRemaining()) socket.write(buffer);
            }
        };
    }

    /// Writers wait once the kernel holds about as many bytes that the other end has not read.
    public void limitUnread(int bytes) throws IOException {
        socket.setOption(StandardSocketOptions.SO_SNDBUF, bytes);
    }

    /// Says that nothing more will be written.
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public InputStream err() {
        return InputStream.nullInputStream();
    }

    @Override
    public void awaitErrors() {}

    @Override
    public OptionalInt exitStatus(Duration limit) {
        return OptionalInt.empty();
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing is left to be saved on a connection out of use.
        }
    }
}
