package dispatcher.it;

import java.nio.file.Path;
import java.util.Optional;

/// Which Nix a client or a machine has.
enum NixRelease {
    /// That of Debian 12, which is installed here.
    INSTALLED,
    /// See [NewerNix]; tests that name it are marked [NeedsNewerNix].
    NEWER,
    /// See [NewestNix]; tests that name it are marked [NeedsNewestNix].
    NEWEST;

    /// The folder tree to take it from, if it is not the installed one.
    Optional<Path> tree() {
        return switch (this) {
            case INSTALLED -> Optional.empty();
            case NEWER -> Optional.of(NewerNix.tree());
            case NEWEST -> Optional.of(NewestNix.tree());
        };
    }
}
