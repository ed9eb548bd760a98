package dispatcher.store;

import dispatcher.nix.StorePath;
import java.io.IOException;
import java.util.Collection;
import java.util.List;

/// The source of a copy could not give a path. The receiver is not at fault, though its
/// conversation may have broken off in the middle.
public final class SourceFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient List<StorePath> paths;

    /// @param paths of which at least one could not be read
    public SourceFailedException(Collection<StorePath> paths, String message) {
        super(message);
        this.paths = List.copyOf(paths);
    }

    /// @param paths of which at least one could not be read
    public SourceFailedException(Collection<StorePath> paths, String message, Throwable cause) {
        super(message, cause);
        this.paths = List.copyOf(paths);
    }

    /// Paths of which at least one could not be read.
    public List<StorePath> paths() {
        return paths;
    }
}
