package dispatcher.cli.api.http;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Asks the running dispatcher.
///
/// @param socket where an [ApiServer] listens, or nobody
public record ApiClient(Path socket) {
    private static final int MAX_ANSWER = 256 << 20;

    /// Asks for what is at `path`.
    ///
    /// @param path with its parameters, encoded
    /// @return empty if no dispatcher listens
    /// @throws UserFacingException what the answer says that went wrong, or if there is none that can be read
    public Optional<ApiAnswer> get(String path) {
        return ask("GET", path, new byte[0]);
    }

    /// The same, with something in the body, which may change the dispatcher.
    public Optional<ApiAnswer> post(String path, Object body) {
        return ask("POST", path, ApiJson.print(body));
    }

    /// Reads an answer that has a line for each thing that happens, for as long as it goes on.
    ///
    /// @param each gets each line that is not empty as soon as it has come
    /// @return false if no dispatcher listens
    /// @throws UserFacingException what the answer says that went wrong, or if the connection breaks
    public boolean lines(String path, Consumer<String> each) {
        if (!Files.exists(socket)) return false;
        try (var channel = UnixSocketChannel.connect(socket)) {
            channel.out().write(head("GET", path, new byte[0]));
            HttpLines.read(socket, channel.in(), each);
            return true;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            throw cannotAsk(e);
        }
    }

    private UserFacingException cannotAsk(IOException cause) {
        return new UserFacingException(
                "cannot ask the dispatcher at " + socket,
                String.valueOf(cause.getMessage()),
                "run this as the user that runs the dispatcher",
                cause);
    }

    /// Waits for the answer, however long that takes.
    private Optional<ApiAnswer> ask(String method, String path, byte[] body) {
        if (!Files.exists(socket)) return Optional.empty();
        byte[] answer;
        try (var channel = UnixSocketChannel.connect(socket)) {
            answer = exchange(channel, head(method, path, body), body);
        } catch (ConnectException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw cannotAsk(e);
        }
        return Optional.of(HttpAnswer.read(socket, answer));
    }

    private static byte[] head(String method, String path, byte[] body) {
        return """
                %s %s HTTP/1.1\r
                Host: localhost\r
                Connection: close\r
                Accept: application/json, application/problem+json\r
                Content-Type: application/json\r
                Content-Length: %d\r
                \r
                """.formatted(method, path, body.length).getBytes(StandardCharsets.US_ASCII);
    }

    /// A dispatcher that refuses a request may do so before its end, and read no more of it.
    private static byte[] exchange(UnixSocketChannel channel, byte[] head, byte[] body) throws IOException {
        Optional<IOException> unsent = Optional.empty();
        try {
            channel.out().write(head);
            channel.out().write(body);
        } catch (IOException e) {
            unsent = Optional.of(e);
        }
        var answer = channel.in().readNBytes(MAX_ANSWER);
        if (answer.length == 0 && unsent.isPresent()) throw unsent.get();
        return answer;
    }
}
