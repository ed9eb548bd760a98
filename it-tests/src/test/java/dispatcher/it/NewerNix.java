package dispatcher.it;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/// A second Nix, newer than Debian 12's, as a folder tree for [Fleet.Builder#nix] and [NixClient.Builder#nix].
/// Fetched at most once per JVM, and kept between runs (see `it-tests/fleet/newer-nix`).
public final class NewerNix {

    static final int UNAVAILABLE = 3;

    private static final Duration FETCH_LIMIT = Duration.ofMinutes(10);
    private static final Result RESULT = prepare();

    private NewerNix() {}

    /// The folder tree.
    ///
    /// @throws AssertionError if it cannot be had; [NeedsNewerNix] keeps tests from that
    public static Path tree() {
        return Path.of(RESULT.orFail().out().strip());
    }

    /// How the preparation ended: with status 3 and a line that says why if it cannot be had.
    static Result prepared() {
        return RESULT;
    }

    private static Result prepare() {
        try {
            return Command.of(Checkout.script("newer-nix")).within(FETCH_LIMIT).run();
        } catch (IOException e) {
            throw new IllegalStateException("cannot run newer-nix", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while preparing the newer Nix", e);
        }
    }
}
