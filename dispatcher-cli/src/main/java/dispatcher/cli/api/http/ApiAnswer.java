package dispatcher.cli.api.http;

import dispatcher.cli.api.ApiJson;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import dispatcher.nix.json.JsonSyntaxException;
import java.nio.charset.StandardCharsets;

/// An answer as it came. Confined to one thread.
public final class ApiAnswer {
    private final String from;
    private final byte[] body;

    /// @param from who gave it, for errors
    /// @param body JSON
    ApiAnswer(String from, byte[] body) {
        this.from = from;
        this.body = body;
    }

    /// What a handler of this process answers, for commands that go on without a running dispatcher.
    public static ApiAnswer of(Object answer) {
        return new ApiAnswer("this program", ApiJson.print(answer));
    }

    /// @throws UserFacingException if it does not have what `type` needs
    public <T> T as(Class<T> type) {
        try {
            return ApiJson.read(body, type);
        } catch (IllegalArgumentException e) {
            throw HttpAnswer.notUnderstood(from, String.valueOf(e.getMessage()), e);
        }
    }

    /// The same, with all texts made fit to be shown, each in one line.
    public <T> T printable(Class<T> type) {
        try {
            return ApiJson.readPrintable(body, type);
        } catch (IllegalArgumentException e) {
            throw HttpAnswer.notUnderstood(from, String.valueOf(e.getMessage()), e);
        }
    }

    /// As it came, of an answer that is no JSON.
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    /// All of it as one line of JSON, fit for a terminal, also what this program does not know.
    public String show() {
        try {
            return Json.show(Json.parse(body));
        } catch (JsonSyntaxException e) {
            throw HttpAnswer.notUnderstood(from, String.valueOf(e.getMessage()), e);
        }
    }
}
