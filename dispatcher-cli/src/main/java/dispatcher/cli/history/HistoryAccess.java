package dispatcher.cli.history;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.settings.Settings;
import dispatcher.history.History;
import java.time.InstantSource;
import java.util.function.Function;

/// The way to the history where no dispatcher runs: by reading its file.
final class HistoryAccess {
    private HistoryAccess() {}

    /// Asks the file, and writes it again.
    static ApiAnswer ofFile(Settings settings, Function<HistoryEndpoints, Object> question) {
        var history = History.load(settings.historyFile(), History.DEFAULT_DURATION, InstantSource.system());
        history.setMachines(settings.machines());
        var answer = ApiAnswer.of(question.apply(new HistoryEndpoints(history)));
        history.save(settings.historyFile());
        return answer;
    }
}
