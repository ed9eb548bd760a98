package dispatcher.cli.api.http;

import java.io.IOException;

/// Answers the requests to one endpoint. Called by many threads at once.
@FunctionalInterface
public interface ApiHandler {
    /// @return a record that [dispatcher.cli.api.ApiJson] can print, or a [TextAnswer]
    /// @throws IllegalArgumentException if the request is wrong; its message says how
    /// @throws dispatcher.cli.terminal.UserFacingException if the request is refused; the client gets it as it is
    /// @throws IOException if something else went wrong; the client gets its message
    Object answer(ApiRequest request) throws IOException, InterruptedException;
}
