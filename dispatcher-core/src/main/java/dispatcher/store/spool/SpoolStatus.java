package dispatcher.store.spool;

/// How full a spool is. All sizes in bytes of NARs; what equal paths share counts once.
///
/// @param paths       how many it has
/// @param bytes       of their NARs
/// @param pinnedBytes of those that must stay
/// @param limit       what it may hold
public record SpoolStatus(int paths, long bytes, long pinnedBytes, long limit) {}
