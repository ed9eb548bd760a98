package dispatcher.store.spool;

import dispatcher.nix.StorePath;
import java.util.List;

/// What a spool let go.
///
/// @param paths in the order in which they went
/// @param bytes of their NARs; one that another path still has did not go and does not count
public record Trimmed(List<StorePath> paths, long bytes) {
    public Trimmed {
        paths = List.copyOf(paths);
    }
}
