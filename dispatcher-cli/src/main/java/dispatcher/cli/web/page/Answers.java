package dispatcher.cli.web.page;

import dispatcher.cli.api.http.ApiRequest;
import dispatcher.cli.api.http.Endpoint;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The API as pages ask it: within this process, and with the same answers as over HTTP. Safe for any thread.
public final class Answers {
    private final List<Endpoint> endpoints;

    public Answers(List<Endpoint> endpoints) {
        this.endpoints = List.copyOf(endpoints);
    }

    /// What `GET` of a path answers.
    ///
    /// @param path       of the endpoint, with its parameters in braces
    /// @param parameters of the path and the query
    public <T> T get(Class<T> type, String path, Map<String, String> parameters)
            throws IOException, InterruptedException {
        return type.cast(endpoint("GET", path).handler().answer(ApiRequest.of(parameters)));
    }

    /// What `POST` to a path answers.
    ///
    /// @param user who wants it
    public Object post(String path, Map<String, String> parameters, Object body, Optional<String> user)
            throws IOException, InterruptedException {
        return endpoint("POST", path).handler().answer(ApiRequest.of(parameters, body, user));
    }

    /// Whether the dispatcher has it.
    public boolean has(String method, String path) {
        return find(method, path).isPresent();
    }

    private Endpoint endpoint(String method, String path) {
        return find(method, path)
                .orElseThrow(() -> new IllegalStateException("there is no endpoint %s %s".formatted(method, path)));
    }

    private Optional<Endpoint> find(String method, String path) {
        return endpoints.stream()
                .filter(it -> it.method().equals(method) && it.path().equals(path))
                .findFirst();
    }
}
