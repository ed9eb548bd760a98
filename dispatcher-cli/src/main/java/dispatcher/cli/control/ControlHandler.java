package dispatcher.cli.control;

import dispatcher.nix.json.Json;
import java.io.IOException;

/// Answers one kind of request. Called by many threads at once.
@FunctionalInterface
public interface ControlHandler {
    /// @param request with its name as `command`
    /// @throws IllegalArgumentException if the request has not what it should, as [Fields] finds
    /// @throws dispatcher.cli.terminal.UserFacingException told to whoever asked, as it is
    /// @throws IOException if something else went wrong, which whoever asked is told too
    Json.Members answer(Fields request) throws IOException, InterruptedException;
}
