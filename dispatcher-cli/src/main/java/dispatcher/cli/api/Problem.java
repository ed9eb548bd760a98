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
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int TOO_MANY = 429;
    private static final int INTERNAL_ERROR = 500;
    private static final int UNAVAILABLE = 503;

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

    /// Whoever asks over TCP may not do that.
    ///
    /// @param hasToken whether the settings have a token
    /// @param isKnown  whether it is somebody who may do other things
    public static Problem unauthorized(boolean hasToken, boolean isKnown) {
        return new Problem(
                OURS + "unauthorized",
                "the dispatcher does not do that for everybody",
                isKnown ? FORBIDDEN : UNAUTHORIZED,
                "the request shows no token, or a wrong one",
                Optional.of(
                        hasToken
                                ? "send the header 'Authorization: Bearer' with what is in the file of web.tokenFile"
                                : "set web.tokenFile, or use the control socket, as the commands do"));
    }

    /// A request over TCP that is refused whoever asks.
    public static Problem forbidden(String why) {
        return new Problem(
                OURS + "forbidden",
                "the dispatcher does not answer this request",
                FORBIDDEN,
                why,
                Optional.of("see \"The page\" in docs/OPERATING.md"));
    }

    public static Problem tooManyTries() {
        return new Problem(
                OURS + "throttled",
                "the dispatcher does not look at tokens from this address now",
                TOO_MANY,
                "too many wrong ones came from there",
                Optional.of("try again in some seconds"));
    }

    public static Problem busy(String why) {
        return new Problem(
                OURS + "busy", "the dispatcher cannot do that now", UNAVAILABLE, why, Optional.of("try again later"));
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
