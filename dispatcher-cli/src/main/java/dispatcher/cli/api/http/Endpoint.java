package dispatcher.cli.api.http;

/// A method and a path, and what answers there.
///
/// @param method such as `GET`
/// @param path   such as `/api/v1/machines`
public record Endpoint(String method, String path, ApiHandler handler) {
    public static Endpoint get(String path, ApiHandler handler) {
        return new Endpoint("GET", path, handler);
    }

    public static Endpoint post(String path, ApiHandler handler) {
        return new Endpoint("POST", path, handler);
    }
}
