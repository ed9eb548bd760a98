package dispatcher.cli.fleet;

import dispatcher.cli.control.ControlClient;
import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.json.Json;

/// The dispatcher that runs with some settings, for commands that are of no use without one.
final class RunningDispatcher {
    private RunningDispatcher() {}

    /// @param what the command cannot do without it
    static Fields ask(Settings settings, Json.Members request, String what) {
        return ControlClient.ask(settings.controlSocket(), request)
                .orElseThrow(() -> new UserFacingException(
                        "cannot %s: no dispatcher runs".formatted(what),
                        "nobody answers at " + settings.controlSocket(),
                        "start one with `dispatcher serve`, or name the settings that it runs with (--config)"));
    }
}
