package dispatcher.cli.systemd;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A real datagram socket, in a process of Python, which hands on what comes.
final class FakeServiceManager implements AutoCloseable {
    /// Prints each message in one line, with its line ends as `|`. An empty line says that the socket is there.
    private static final String PROGRAM = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            name = sys.argv[1]
            s.bind('\\0' + name[1:] if name.startswith('@') else name)
            print(flush=True)
            while True: print(s.recv(65536).decode().replace('\\n', '|'), flush=True)
            """;

    private final Process process;
    private final BufferedReader lines;
    private final LinkedBlockingQueue<String> messages = new LinkedBlockingQueue<>();

    private FakeServiceManager(Process process) throws IOException {
        this.process = process;
        this.lines = process.inputReader(StandardCharsets.UTF_8);
        lines.readLine();
        Thread.ofVirtual().start(() -> {
            try {
                for (var line = lines.readLine(); line != null; line = lines.readLine()) messages.add(line);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// @param name as in `$NOTIFY_SOCKET`
    static FakeServiceManager listen(String name) throws IOException {
        try {
            return new FakeServiceManager(new ProcessBuilder("python3", "-c", PROGRAM, name)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            System.err.println("skipped: no python3 here (Debian package python3)");
            return abort("no python3 here (Debian package python3)");
        }
    }

    /// The next message, or null if none comes in ten seconds.
    @Nullable
    String next() throws InterruptedException {
        return messages.poll(10, TimeUnit.SECONDS);
    }

    /// Whether all that came has been taken.
    boolean isEmpty() {
        return messages.isEmpty();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        lines.close();
    }
}
