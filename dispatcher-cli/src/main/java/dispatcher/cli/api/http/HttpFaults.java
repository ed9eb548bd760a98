package dispatcher.cli.api.http;

import io.helidon.http.DirectHandler;
import io.helidon.webserver.http.DirectHandlers;

/// What is answered where the HTTP server itself refuses a request.
public final class HttpFaults {
    private HttpFaults() {}

    /// Says what is wrong with a request that no handler gets to see.
    public static DirectHandlers handlers() {
        var handlers = DirectHandlers.builder();
        for (var type : DirectHandler.EventType.values())
            handlers.addHandler(type, (_, _, status, headers, message) -> {
                var problem = ApiRouting.ofProtocol(status, message);
                return DirectHandler.TransportResponse.builder()
                        .status(status)
                        .headers(headers)
                        .header(ApiRouting.PROBLEM_TYPE)
                        .keepAlive(false)
                        .entity(problem.print())
                        .build();
            });
        return handlers.build();
    }
}
