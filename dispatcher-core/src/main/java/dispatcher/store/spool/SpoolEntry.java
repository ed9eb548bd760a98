package dispatcher.store.spool;

import dispatcher.nix.StorePath;
import java.time.Instant;

/// A path of a spool, as it is shown to people.
///
/// @param bytes   of its NAR, which other paths may share
/// @param lastUse may be a minute too early
/// @param pinned  it stays, even if its last use is long ago
public record SpoolEntry(StorePath path, long bytes, Instant lastUse, boolean pinned) {}
