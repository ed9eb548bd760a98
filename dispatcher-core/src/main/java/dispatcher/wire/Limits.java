package dispatcher.wire;

/// Bounds on what one value of a peer may take. A count is no reason to allocate: memory grows only with bytes
/// received.
///
/// @param stringBytes  of one string
/// @param elements     of one list, set or map
/// @param messageBytes of one whole request or reply, payloads not counted
public record Limits(long stringBytes, long elements, long messageBytes) {
    /// Closures of half a million paths, environments of many megabytes; nothing that exhausts a small heap.
    public static final Limits DEFAULT = new Limits(16L << 20, 1_000_000, 64L << 20);
}
