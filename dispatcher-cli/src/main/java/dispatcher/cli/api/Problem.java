package dispatcher.cli.api;

import dispatcher.cli.terminal.UserFacingException;
import java.util.Optional;

/// What went wrong, as in RFC 9457: an error as commands show it, in another form.
///
/// @param type   our URN, which programs can compare; see `docs/API.md`
/// @param title  what could not be done
/// @param status of the answer
/// @param detail why
/// @param next   what can be done about it; our own member
public record Problem(String type, String title, int status, String detail, Optional<String> next) {
    private static final String OURS = "urn:dispatcher:problem:";
    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int INTERNAL_ERROR = 500;

    private static final String OTHER_VERSION =
            "use the program that it was started with, or start it again with this one";

    /// The dispatcher refuses what it was asked for, or cannot do it.
    public static Problem of(UserFacingException error) {
        return error instanceof UnknownThingException
                ? new Problem(OURS + "unknown", error.what(), NOT_FOUND, error.why(), Optional.of(error.next()))
                : new Problem(OURS + "refused", error.what(), INTERNAL_ERROR, error.why(), Optional.of(error.next()));
    }

    /// The request lacks something, or has something that is wrong.
    public static Problem notUnderstood(String why) {
        return ofRequest("request", BAD_REQUEST, why);
    }

    public static Problem noEndpoint(String why) {
        return ofRequest("endpoint", NOT_FOUND, why);
    }

    public static Problem wrongMethod(String why) {
        return ofRequest("method", METHOD_NOT_ALLOWED, why);
    }

    /// The request is no HTTP, or no such as is answered.
    public static Problem ofProtocol(int status, String why) {
        return ofRequest("protocol", status, why);
    }

    private static Problem ofRequest(String kind, int status, String why) {
        return new Problem(
                OURS + kind,
                "the running dispatcher does not understand the request",
                status,
                why,
                Optional.of(OTHER_VERSION));
    }

    /// Something failed that should not.
    public static Problem internal(Exception cause) {
        return new Problem(
                OURS + "internal",
                "the dispatcher could not do that",
                INTERNAL_ERROR,
                cause.toString(),
                Optional.of("see the dispatcher's log"));
    }

    public byte[] print() {
        return ApiJson.print(this);
    }

    public UserFacingException toException() {
        return new UserFacingException(title, detail, next.orElse("see the dispatcher's log"));
    }
}
