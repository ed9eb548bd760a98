package dispatcher.cli.api.http;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.Problem;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.text.Spelling;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands each request to its endpoint, and turns what comes of it into an answer: JSON, or a problem as in RFC 9457.
public final class ApiRouting {
    static final Header PROBLEM_TYPE = HeaderValues.create("Content-Type", "application/problem+json");
    private static final Header JSON_TYPE = HeaderValues.create("Content-Type", "application/json");
    private static final Logger log = LoggerFactory.getLogger(ApiRouting.class);

    /// Long enough for a network that comes back.
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<Endpoint> endpoints;
    private final Function<ServerRequest, Optional<String>> user;
    private final Duration patience;

    /// @param user     who asks, as far as that is known
    /// @param patience with a client that takes nothing of its answer
    public ApiRouting(List<Endpoint> endpoints, Function<ServerRequest, Optional<String>> user, Duration patience) {
        this.endpoints = List.copyOf(endpoints);
        this.user = user;
        this.patience = patience;
    }

    static HttpRouting.Builder of(List<Endpoint> endpoints) {
        var ours = new ApiRouting(endpoints, _ -> Optional.empty(), PATIENCE);
        var routing = HttpRouting.builder();
        ours.addTo(routing);
        return routing.any(ours::refuse);
    }

    /// Adds all endpoints.
    public void addTo(HttpRouting.Builder routing) {
        for (var endpoint : endpoints)
            routing.route(
                    Method.create(endpoint.method()),
                    endpoint.path(),
                    (request, response) -> answer(endpoint, request, response));
    }

    private void answer(Endpoint endpoint, ServerRequest request, ServerResponse response) throws IOException {
        ApiRequest asked;
        try {
            asked = read(request, user.apply(request));
        } catch (RequestException e) {
            refuse(response, ofProtocol(e.status(), e.getMessage()));
            return;
        } catch (IOException | RuntimeException e) {
            refuse(response, ofProtocol(Status.BAD_REQUEST_400, "its body does not come as its headers say"));
            return;
        }
        try {
            send(response, endpoint.handler().answer(asked));
        } catch (UserFacingException e) {
            refuse(response, Problem.of(e));
        } catch (IllegalArgumentException e) {
            refuse(response, Problem.notUnderstood(String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CloseConnectionException("the dispatcher ends", e);
        } catch (IOException | RuntimeException e) {
            if (response.isSent()) throw e;
            log.atWarn().setCause(e).log("a control request failed");
            refuse(response, Problem.internal(e));
        }
    }

    /// What is wrong with a request that no handler gets to see.
    static Problem ofProtocol(Status status, @Nullable String message) {
        if (status.code() == Status.REQUEST_ENTITY_TOO_LARGE_413.code())
            return Problem.ofProtocol(status.code(), "it has more than %d bytes".formatted(HttpService.MAX_BODY));
        return Problem.ofProtocol(status.code(), message == null ? status.reasonPhrase() : message);
    }

    private static ApiRequest read(ServerRequest request, Optional<String> user) throws IOException {
        var parameters = new HashMap<String, String>();
        for (var name : request.query().names())
            parameters.put(name, request.query().get(name));
        var inPath = request.path().pathParameters();
        for (var name : inPath.names()) parameters.put(name, inPath.get(name));
        var content = request.content();
        byte[] body = {};
        // Not closed, as that would wait for the rest of a body that is refused.
        if (content.hasEntity()) body = content.inputStream().readAllBytes();
        return new ApiRequest(parameters, body, user);
    }

    private void send(ServerResponse response, Object answer) throws IOException, InterruptedException {
        response.header(HeaderValues.CONNECTION_CLOSE);
        switch (answer) {
            case TextAnswer(var type, var text) ->
                send(response.header(HeaderNames.CONTENT_TYPE, type), text.getBytes(StandardCharsets.UTF_8));
            case StreamAnswer(var type, var body) -> {
                // A proxy between hands on what comes when it comes.
                response.header(HeaderNames.CONTENT_TYPE, type)
                        .header(HeaderNames.CACHE_CONTROL, "no-store")
                        .header("X-Accel-Buffering", "no");
                try (var out = PatientOutput.of(response.outputStream(), patience)) {
                    body.writeTo(out);
                }
            }
            default -> send(response.header(JSON_TYPE), ApiJson.print(answer));
        }
    }

    /// Sends an answer to a client that must take it in time.
    public void send(ServerResponse response, byte[] answer) {
        try (var _ = PatientOutput.limit(answer.length, patience)) {
            response.send(answer);
        }
    }

    /// Says what is wrong with a request, and ends its connection.
    public static void refuse(ServerResponse response, Problem problem) {
        response.status(problem.status())
                .header(PROBLEM_TYPE)
                .header(HeaderValues.CONNECTION_CLOSE)
                .send(problem.print());
    }

    /// Answers a request for which there is no endpoint.
    public void refuse(ServerRequest request, ServerResponse response) {
        var path = request.path().path();
        var methods = new TreeSet<String>();
        var paths = new TreeSet<String>();
        for (var endpoint : endpoints) {
            paths.add(endpoint.path());
            if (endpoint.isAt(path)) methods.add(endpoint.method());
        }
        if (methods.isEmpty()) {
            refuse(response, Problem.noEndpoint("it does not know '%s'%s".formatted(path, Spelling.hint(path, paths))));
            return;
        }
        var allowed = String.join(", ", methods);
        response.header(HeaderNames.ALLOW, allowed);
        refuse(
                response,
                Problem.wrongMethod("'%s' takes %s, not %s"
                        .formatted(path, allowed, request.prologue().method().text())));
    }
}
