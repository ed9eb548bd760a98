package dispatcher.cli.history;

import dispatcher.cli.control.ControlClient;
import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.state.StateDatabase;
import dispatcher.history.History;
import dispatcher.nix.json.Json;
import java.io.IOException;
import java.time.InstantSource;

/// The way to the history: by the running dispatcher, or, if none runs, by reading its database.
final class HistoryAccess {
    private HistoryAccess() {}

    /// @param request one of [HistoryRequests]
    static Fields ask(Settings settings, Json.Members request) throws IOException, InterruptedException {
        var answer = ControlClient.ask(settings.controlSocket(), request);
        return answer.isPresent() ? answer.get() : read(settings, new Fields(request));
    }

    private static Fields read(Settings settings, Fields request) throws IOException, InterruptedException {
        try (var state = StateDatabase.existingIn(settings.state())) {
            var history = History.load(state.history(), History.DEFAULT_DURATION, InstantSource.system());
            history.setMachines(settings.machines());
            var handler = new HistoryRequests(history).handlers().get(request.text("command"));
            if (handler == null) throw new IllegalArgumentException("no such request: " + request);
            var answer = new Fields(handler.answer(request));
            history.save(state.history());
            return answer;
        }
    }
}
