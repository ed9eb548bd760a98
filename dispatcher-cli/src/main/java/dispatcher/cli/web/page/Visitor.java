package dispatcher.cli.web.page;

import dispatcher.cli.api.http.ApiRequest;
import java.util.Optional;

/// Who looks at a page.
///
/// @param user   a name if there is one: what a reverse proxy says, or [#TOKEN]
/// @param mayAct whether actions are allowed
/// @param logsIn whether there is a token to log in with
public record Visitor(Optional<String> user, boolean mayAct, boolean logsIn) {
    /// Stands for whoever has the token.
    public static final String TOKEN = ApiRequest.TOKEN;

    public static final String LOGIN = "/login";
    public static final String LOGOUT = "/logout";

    /// Somebody who may look, or not even that.
    public static Visitor unknown(boolean logsIn) {
        return new Visitor(Optional.empty(), false, logsIn);
    }

    public boolean hasToken() {
        return user.filter(TOKEN::equals).isPresent();
    }
}
