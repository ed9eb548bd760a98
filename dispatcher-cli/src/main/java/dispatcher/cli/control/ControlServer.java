package dispatcher.cli.control;

import dispatcher.cli.terminal.Spelling;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.socket.UnixSocketChannel;
import dispatcher.wire.socket.UnixSocketListener;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of the running dispatcher that commands talk to.
///
/// Shape: a connection brings one request, a JSON object on one line with a member `command`; it gets one answer,
/// likewise, and is closed. An answer that says what went wrong has the members `error`, `cause` and `next`. One
/// thread for each connection, and one that ends it if its other end stays silent or does not read.
public final class ControlServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlServer.class);

    /// One may have a derivation in it.
    private static final int MAX_REQUEST = 16 << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path path;
    private final UnixSocketListener listener;
    private final Map<String, ControlHandler> handlers;
    private final Duration patience;
    private final Set<Thread> connections = ConcurrentHashMap.newKeySet();

    private ControlServer(
            Path path, UnixSocketListener listener, Map<String, ControlHandler> handlers, Duration patience) {
        this.path = path;
        this.listener = listener;
        this.handlers = Map.copyOf(handlers);
        this.patience = patience;
    }

    /// Listens at `path`, for its owner only. What a dead dispatcher left there is replaced.
    ///
    /// @param handlers by the name of the command that each answers
    /// @throws IOException if the socket cannot be made, or a living dispatcher listens there
    public static ControlServer open(Path path, Map<String, ControlHandler> handlers) throws IOException {
        return open(path, handlers, PATIENCE);
    }

    /// @param patience for the request to come, and again for the answer to be taken
    static ControlServer open(Path path, Map<String, ControlHandler> handlers, Duration patience) throws IOException {
        var server = new ControlServer(path, UnixSocketListener.open(path, "rw-------"), handlers, patience);
        server.listener.serve("control request", server::converse);
        return server;
    }

    private void converse(UnixSocketChannel channel) {
        connections.add(Thread.currentThread());
        try (channel) {
            byte[] request;
            try (var _ = new TimeLimit(patience, channel::close)) {
                request = readLine(channel);
            }
            var line = answer(request, handlers).print() + "\n";
            try (var _ = new TimeLimit(patience, channel::close)) {
                channel.out().write(line.getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            log.atDebug().log("control request: {}", e.toString());
        } catch (InterruptedException e) {
            // Closed.
        } finally {
            connections.remove(Thread.currentThread());
        }
    }

    /// @return without the end of the line; one byte more than allowed if it is too long
    private static byte[] readLine(UnixSocketChannel channel) throws IOException {
        var in = new BufferedInputStream(channel.in());
        var line = new ByteArrayOutputStream();
        while (line.size() <= MAX_REQUEST) {
            int c = in.read();
            if (c == '\n') break;
            if (c < 0) throw new IOException("ended in its first line");
            line.write(c);
        }
        return line.toByteArray();
    }

    /// The answer to a line, whatever is in it.
    static Json.Members answer(byte[] line, Map<String, ControlHandler> handlers) throws InterruptedException {
        try {
            return answer(parse(line), handlers);
        } catch (UserFacingException e) {
            return ControlError.print(e);
        } catch (JsonSyntaxException | IllegalArgumentException e) {
            return ControlError.print(notUnderstood(String.valueOf(e.getMessage()), e));
        } catch (IOException | RuntimeException e) {
            log.atWarn().setCause(e).log("a control request failed");
            return ControlError.print(new UserFacingException(
                    "the dispatcher could not do that", e.toString(), "see the dispatcher's log", e));
        }
    }

    private static Fields parse(byte[] line) {
        if (line.length > MAX_REQUEST)
            throw new IllegalArgumentException("it has more than %d bytes".formatted(MAX_REQUEST));
        if (Json.parse(line) instanceof Json.Members members) return new Fields(members);
        throw new IllegalArgumentException("it is no JSON object");
    }

    private static Json.Members answer(Fields request, Map<String, ControlHandler> handlers)
            throws IOException, InterruptedException {
        var command = request.text("command");
        var handler = handlers.get(command);
        if (handler == null)
            throw new IllegalArgumentException(
                    "it does not know '%s'%s".formatted(command, Spelling.hint(command, handlers.keySet())));
        return handler.answer(request);
    }

    private static UserFacingException notUnderstood(String why, RuntimeException cause) {
        return new UserFacingException(
                "the running dispatcher does not understand the request",
                why,
                "use the program that it was started with, or start it again with this one",
                cause);
    }

    /// Takes no more requests and ends those that are being answered.
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            log.atWarn().log("cannot remove {}: {}", path, e.toString());
        }
        for (var connection : connections) connection.interrupt();
    }
}
