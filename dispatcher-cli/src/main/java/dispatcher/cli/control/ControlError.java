package dispatcher.cli.control;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;
import java.util.Map;
import java.util.Optional;

/// An error as an answer.
final class ControlError {
    private static final String WHAT = "error";
    private static final String WHY = "cause";
    private static final String NEXT = "next";

    private ControlError() {}

    static Json.Members print(UserFacingException error) {
        return new Json.Members(Map.of(
                WHAT, new Json.Text(error.what()),
                WHY, new Json.Text(error.why()),
                NEXT, new Json.Text(error.next())));
    }

    /// What an answer says that went wrong, if it does.
    static Optional<UserFacingException> parse(Fields answer) {
        return answer.members()
                .get(WHAT)
                .map(_ -> new UserFacingException(answer.text(WHAT), answer.text(WHY), answer.text(NEXT)));
    }
}
