package dispatcher.cli.control;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import dispatcher.wire.socket.UnixSocketChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Asks the running dispatcher.
public final class ControlClient {
    private ControlClient() {}

    /// Waits for the answer, however long that takes.
    ///
    /// @param socket  where a [ControlServer] listens, or none
    /// @param request with its name as `command`
    /// @return empty if no dispatcher listens there
    /// @throws UserFacingException what the answer says that went wrong, or if there is none that can be read
    public static Optional<Fields> ask(Path socket, Json.Members request) {
        if (!Files.exists(socket)) return Optional.empty();
        byte[] answer;
        try (var channel = UnixSocketChannel.connect(socket)) {
            channel.out().write((request.print() + "\n").getBytes(StandardCharsets.UTF_8));
            answer = channel.in().readAllBytes();
        } catch (ConnectException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot ask the dispatcher at " + socket,
                    String.valueOf(e.getMessage()),
                    "run this as the user that runs the dispatcher",
                    e);
        }
        return Optional.of(parse(socket, answer));
    }

    static Fields parse(Path socket, byte[] answer) {
        if (answer.length == 0)
            throw new UserFacingException(
                    "the dispatcher at %s gave no answer".formatted(socket),
                    "it closed the connection",
                    "see its log, and whether it still runs");
        Optional<UserFacingException> error;
        try {
            if (!(Json.parse(answer) instanceof Json.Members members))
                throw new IllegalArgumentException("it is no JSON object");
            var fields = new Fields(members);
            error = ControlError.parse(fields);
            if (error.isEmpty()) return fields;
        } catch (JsonSyntaxException | IllegalArgumentException e) {
            throw new UserFacingException(
                    "the dispatcher at %s gave an answer that is not understood".formatted(socket),
                    String.valueOf(e.getMessage()),
                    "use the program that it was started with, or start it again with this one",
                    e);
        }
        throw error.get();
    }
}
