package dispatcher.cli.history;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.state.StateDatabase;
import dispatcher.history.History;
import java.time.InstantSource;
import java.util.function.Function;

/// The way to the history where no dispatcher runs: by reading its database.
final class HistoryAccess {
    private HistoryAccess() {}

    /// Asks the database, and writes it again.
    static ApiAnswer ofDatabase(Settings settings, Function<HistoryEndpoints, Object> question) {
        try (var state = StateDatabase.existingIn(settings.state())) {
            var history = History.load(state.history(), History.DEFAULT_DURATION, InstantSource.system());
            history.setMachines(settings.machines());
            var answer = ApiAnswer.of(question.apply(new HistoryEndpoints(history)));
            history.save(state.history());
            return answer;
        }
    }
}
