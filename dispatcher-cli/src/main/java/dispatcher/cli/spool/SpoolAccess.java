package dispatcher.cli.spool;

import dispatcher.cli.control.ControlClient;
import dispatcher.cli.control.Fields;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.StoreDir;
import dispatcher.nix.json.Json;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolLimits;
import java.io.IOException;
import java.nio.file.Files;

/// The way to a spool: by the dispatcher that has it open, or, if none runs, by opening it.
final class SpoolAccess {
    private static final SpoolLimits WITHOUT_LIMITS =
            new SpoolLimits(Long.MAX_VALUE, Long.MAX_VALUE, SpoolLimits.WHOLE);

    private SpoolAccess() {}

    /// @param request one of [SpoolRequests]
    /// @throws UserFacingException also if somebody has the spool open who cannot be asked
    static Fields ask(Settings settings, Json.Members request) throws InterruptedException {
        var answer = ControlClient.ask(settings.controlSocket(), request);
        return answer.isPresent() ? answer.get() : open(settings, new Fields(request));
    }

    private static Fields open(Settings settings, Fields request) throws InterruptedException {
        var directory = settings.spool().path();
        if (Files.notExists(directory)) return new Fields(SpoolRequests.nothing(settings.spool()));
        // Without a limit, so that nothing goes because somebody has a look.
        try (var spool = Spool.open(directory, StoreDir.NIX_STORE, WITHOUT_LIMITS)) {
            var handler = new SpoolRequests(spool, settings.spool()).handlers().get(request.text("command"));
            if (handler == null) throw new IllegalArgumentException("no such request: " + request);
            return new Fields(handler.answer(request));
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot open the spool, and no dispatcher answers at " + settings.controlSocket(),
                    String.valueOf(e.getMessage()),
                    "if a dispatcher runs there, run this as its user and with its settings (--config)",
                    e);
        }
    }
}
