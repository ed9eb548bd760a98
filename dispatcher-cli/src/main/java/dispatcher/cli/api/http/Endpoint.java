package dispatcher.cli.api.http;

/// A method and a path, and what answers there.
///
/// @param method such as `GET`
/// @param path   such as `/api/v1/machines`; a part in braces, such as `{name}`, is anything, which the request has
///               as a parameter of that name
public record Endpoint(String method, String path, ApiHandler handler) {
    public static Endpoint get(String path, ApiHandler handler) {
        return new Endpoint("GET", path, handler);
    }

    public static Endpoint post(String path, ApiHandler handler) {
        return new Endpoint("POST", path, handler);
    }

    /// Whether a request for `asked` means this one, whatever its method.
    boolean isAt(String asked) {
        var ours = path.split("/", -1);
        var theirs = asked.split("/", -1);
        if (ours.length != theirs.length) return false;
        for (int i = 0; i < ours.length; i++) if (!ours[i].startsWith("{") && !ours[i].equals(theirs[i])) return false;
        return true;
    }
}
