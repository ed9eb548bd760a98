package dispatcher.cli.api;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// The spool. Either list has the first 10,000 only.
///
/// @param path         where it is
/// @param paths        how many store paths are in it
/// @param bytes        their size
/// @param pinnedBytes  of them, what must stay for what is going on
/// @param limit        in bytes
/// @param entries      if they were asked for, in the order in which they would go
/// @param removed      if it was trimmed, the paths that went; the same for the other two
public record SpoolAnswer(
        String path,
        long paths,
        long bytes,
        long pinnedBytes,
        long limit,
        Optional<List<Entry>> entries,
        Optional<List<String>> removed,
        Optional<Long> removedPaths,
        Optional<Long> removedBytes) {
    public static final String PATH = "/api/v1/spool";

    public SpoolAnswer {
        entries = entries.map(List::copyOf);
        removed = removed.map(List::copyOf);
    }

    /// A store path in it.
    public record Entry(String path, long bytes, Instant lastUse, boolean pinned) {}
}
