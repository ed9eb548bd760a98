package dispatcher.it;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// A third Nix, the newest that Debian has, as a folder tree for [Fleet.Builder#nix] and [NixClient.Builder#nix].
/// Fetched at most once per JVM, and kept between runs (see `it-tests/fleet/newer-nix`).
public final class NewestNix {

    private static final Duration FETCH_LIMIT = Duration.ofMinutes(15);
    private static final Result RESULT = prepare();

    private NewestNix() {}

    /// The folder tree.
    ///
    /// @throws AssertionError if it cannot be had; [NeedsNewestNix] keeps tests from that
    public static Path tree() {
        return Path.of(RESULT.orFail().out().strip());
    }

    /// How the preparation ended: with status [NewerNix#UNAVAILABLE] and a line that says why if it cannot be had.
    static Result prepared() {
        return RESULT;
    }

    private static Result prepare() {
        try {
            return Command.of(Checkout.script("newer-nix"), "--sid")
                    .within(FETCH_LIMIT)
                    .run();
        } catch (IOException e) {
            throw new IllegalStateException("cannot run newer-nix", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while preparing the newest Nix", e);
        }
    }
}
