package dispatcher.cli.api.http;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.api.Problem;
import dispatcher.cli.terminal.UserFacingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads an answer in HTTP/1.1 as [ApiServer] gives it: a status, headers, and a body of a length that it says.
final class HttpAnswer {
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 (\\d{3})( .*)?");
    private static final Pattern LENGTH = Pattern.compile("content-length:\\s*(\\d{1,9})\\s*");
    private static final byte[] END_OF_HEAD = {'\r', '\n', '\r', '\n'};
    private static final int MAX_HEAD = 64 << 10;
    private static final int FIRST_PROBLEM = 300;
    private static final int FIRST_SUCCESS = 200;

    private HttpAnswer() {}

    /// @param socket where it came from
    /// @throws UserFacingException what it says that went wrong, or if it is no such answer
    static ApiAnswer read(Path socket, byte[] answer) {
        var from = "the dispatcher at " + socket;
        if (answer.length == 0)
            throw new UserFacingException(
                    from + " gave no answer", "it closed the connection", "see its log, and whether it still runs");
        int head = endOfHead(answer);
        if (head < 0) throw notUnderstood(from, "it is not HTTP; dispatchers of former versions do not speak it", null);
        var lines = new String(answer, 0, head, StandardCharsets.ISO_8859_1).split("\r\n", -1);
        int status = status(from, lines[0]);
        var body = body(from, lines, Arrays.copyOfRange(answer, head + END_OF_HEAD.length, answer.length));
        if (status >= FIRST_SUCCESS && status < FIRST_PROBLEM) return new ApiAnswer(from, body);
        throw problem(from, status, body);
    }

    private static int endOfHead(byte[] answer) {
        int most = Math.min(answer.length - END_OF_HEAD.length, MAX_HEAD);
        for (int i = 0; i <= most; i++)
            if (Arrays.equals(answer, i, i + END_OF_HEAD.length, END_OF_HEAD, 0, END_OF_HEAD.length)) return i;
        return -1;
    }

    private static int status(String from, String line) {
        var matcher = STATUS_LINE.matcher(line);
        if (!matcher.matches()) throw notUnderstood(from, "it does not begin as HTTP/1.1 does", null);
        return Integer.parseInt(matcher.group(1));
    }

    private static byte[] body(String from, String[] head, byte[] rest) {
        int length = Arrays.stream(head)
                .skip(1)
                .map(line -> LENGTH.matcher(line.toLowerCase(Locale.ROOT)))
                .filter(Matcher::matches)
                .map(matcher -> Integer.parseInt(matcher.group(1)))
                .findFirst()
                .orElseThrow(() -> notUnderstood(from, "it does not say how long it is", null));
        if (rest.length != length)
            throw notUnderstood(from, "it ends after %d of %d bytes".formatted(rest.length, length), null);
        return rest;
    }

    private static UserFacingException problem(String from, int status, byte[] body) {
        try {
            return ApiJson.read(body, Problem.class).toException();
        } catch (IllegalArgumentException e) {
            return notUnderstood(from, "its status is %d, and it does not say why".formatted(status), e);
        }
    }

    static UserFacingException notUnderstood(String from, String why, @Nullable Exception cause) {
        var what = from + " gave an answer that is not understood";
        var next = "use the program that it was started with, or start it again with this one";
        return cause == null
                ? new UserFacingException(what, why, next)
                : new UserFacingException(what, why, next, cause);
    }
}
