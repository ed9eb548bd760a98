package dispatcher.machine.provider.qemu;

import dispatcher.text.Printable;
import dispatcher.thread.TimeLimit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/// A conversation with one QEMU by its machine protocol: a JSON object a line. Confined to one thread; an interruption
/// ends it.
final class Qmp implements AutoCloseable {
    static final int LONGEST_PATH = 100;

    private static final int LONGEST_LINE = 64 * 1024;
    private static final int MOST_EVENTS = 1000;

    private final SocketChannel channel;
    private final BufferedReader lines;
    private final TimeLimit limit;

    private Qmp(SocketChannel channel, Duration limit) {
        this.channel = channel;
        this.lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        this.limit = new TimeLimit(limit, () -> close(channel));
    }

    /// Greets it, so that it takes commands.
    ///
    /// @param limit of the whole conversation
    static Qmp open(Path socket, Duration limit) throws IOException {
        var qmp = new Qmp(SocketChannel.open(UnixDomainSocketAddress.of(socket)), limit);
        try {
            qmp.readLine();
            qmp.execute("qmp_capabilities");
            return qmp;
        } catch (IOException e) {
            qmp.close();
            throw e;
        }
    }

    /// Sends a command without arguments, and waits for its answer.
    void execute(String command) throws IOException {
        var bytes = ByteBuffer.wrap("{\"execute\":\"%s\"}\n".formatted(command).getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) channel.write(bytes);
        for (int events = 0; events < MOST_EVENTS; events++) {
            var line = readLine();
            if (line.startsWith("{\"return\"")) return;
            if (line.startsWith("{\"error\""))
                throw new IOException("QEMU refused %s: %s".formatted(command, Printable.line(line)));
        }
        throw new IOException("QEMU did not answer %s".formatted(command));
    }

    private String readLine() throws IOException {
        var line = new StringBuilder();
        int c;
        while ((c = lines.read()) >= 0) {
            if (c == '\n') return line.toString().strip();
            if (line.length() == LONGEST_LINE) throw new IOException("QEMU sent an endless line");
            line.append((char) c);
        }
        throw new IOException("QEMU has ended");
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        limit.close();
        channel.close();
    }
}
