package dispatcher.cli.api.http;

import dispatcher.cli.api.ApiJson;
import java.util.Map;
import java.util.Optional;

/// A request as its handler sees it. Confined to one thread.
public final class ApiRequest {
    /// The user of whom only this is known: he has the token of the page.
    public static final String TOKEN = "token";

    private final Map<String, String> parameters;
    private final byte[] body;
    private final Optional<String> user;

    /// @param parameters of the query, of a name that is there twice, the first value; and those of the path
    /// @param body       JSON, or empty
    /// @param user       who asks, as far as that is known
    ApiRequest(Map<String, String> parameters, byte[] body, Optional<String> user) {
        this.parameters = Map.copyOf(parameters);
        this.body = body;
        this.user = user;
    }

    /// One that comes from this process.
    public static ApiRequest of(Map<String, String> parameters) {
        return new ApiRequest(parameters, new byte[0], Optional.empty());
    }

    /// One that somebody makes on a page.
    ///
    /// @param body a record of the API
    public static ApiRequest of(Map<String, String> parameters, Object body, Optional<String> user) {
        return new ApiRequest(parameters, ApiJson.print(body), user);
    }

    /// Who asks: the name that a reverse proxy gives, or [#TOKEN]. Empty on
    /// the control socket, which only the dispatcher's own user and root can open.
    public Optional<String> user() {
        return user;
    }

    public Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /// A parameter that must be there and be a whole number.
    ///
    /// @throws IllegalArgumentException otherwise
    public long number(String name) {
        var text = parameter(name)
                .orElseThrow(() -> new IllegalArgumentException("the parameter '%s' is missing".formatted(name)));
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the parameter '%s' is no whole number: %s".formatted(name, text), e);
        }
    }

    /// Whether a parameter is there and says `true`.
    ///
    /// @throws IllegalArgumentException if it is anything else than `true` or `false`
    public boolean flag(String name) {
        var text = parameter(name).orElse("false");
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default ->
                throw new IllegalArgumentException(
                        "the parameter '%s' is neither true nor false: %s".formatted(name, text));
        };
    }

    /// @throws IllegalArgumentException if the body does not have what `type` needs
    public <T> T body(Class<T> type) {
        return ApiJson.read(body, type);
    }
}
