package dispatcher.cli.web;

import dispatcher.cli.web.page.Answers;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The actions of all pages, by name.
record Actions(List<Action> actions, Answers answers) {
    Actions {
        actions = List.copyOf(actions);
    }

    Optional<Action> find(String name) {
        return actions.stream().filter(action -> action.name().equals(name)).findFirst();
    }

    /// Does it.
    ///
    /// @param user who wants it
    /// @return what came of it, if there is anything to say
    Optional<String> run(Action action, Map<String, String> fields, Optional<String> user)
            throws IOException, InterruptedException {
        return action.says()
                .apply(answers.post(action.path(), fields, action.body().apply(fields), user));
    }
}
