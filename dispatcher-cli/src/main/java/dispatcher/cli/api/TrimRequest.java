package dispatcher.cli.api;

/// That paths go from the spool.
///
/// @param bytes what may be left
public record TrimRequest(long bytes) {
    public static final String PATH = "/api/v1/spool/trim";
}
