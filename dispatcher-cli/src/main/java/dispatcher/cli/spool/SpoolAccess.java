package dispatcher.cli.spool;

import dispatcher.cli.api.http.ApiAnswer;
import dispatcher.cli.settings.Settings;
import dispatcher.cli.terminal.UserFacingException;
import dispatcher.nix.StoreDir;
import dispatcher.store.spool.Spool;
import dispatcher.store.spool.SpoolLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.util.function.Function;

/// The way to a spool where no dispatcher runs: by opening it.
final class SpoolAccess {
    private static final SpoolLimits WITHOUT_LIMITS =
            new SpoolLimits(Long.MAX_VALUE, Long.MAX_VALUE, SpoolLimits.WHOLE);

    private SpoolAccess() {}

    /// @throws UserFacingException also if another process has the spool open and cannot be asked
    static ApiAnswer ofDirectory(Settings settings, Function<SpoolEndpoints, Object> question) {
        var directory = settings.spool().path();
        if (Files.notExists(directory)) return ApiAnswer.of(SpoolEndpoints.nothing(settings.spool()));
        // Without a limit, so that looking at it removes nothing.
        try (var spool = Spool.open(directory, StoreDir.NIX_STORE, WITHOUT_LIMITS)) {
            return ApiAnswer.of(question.apply(new SpoolEndpoints(spool, settings.spool())));
        } catch (IOException e) {
            throw new UserFacingException(
                    "cannot open the spool, and no dispatcher answers at " + settings.controlSocket(),
                    String.valueOf(e.getMessage()),
                    "if a dispatcher runs there, run this as its user and with its settings (--config)",
                    e);
        }
    }
}
