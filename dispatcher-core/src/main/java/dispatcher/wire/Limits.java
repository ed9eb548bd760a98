package dispatcher.wire;

/// Bounds on what one value of a peer may take. A count is no reason to allocate: memory grows only with bytes
/// received.
///
/// @param stringBytes  of one string
/// @param elements     of one list, set or map
/// @param messageBytes of one whole request or reply, payloads not counted
public record Limits(long stringBytes, long elements, long messageBytes) {
    /// For what machines say. They tell of no more paths than they are asked for, and of those in some 70 bytes each;
    /// the rest are lines of a log and words of an error. At most some 70 MB in memory, while it is read.
    public static final Limits ANSWERS = new Limits(4L << 20, 300_000, 32L << 20);

    /// For what clients say: closures of half a million paths, environments of many megabytes. A path takes three times
    /// as much in memory as on its way, so a heap of 512 MB has room for two such requests at once.
    public static final Limits DEFAULT = new Limits(16L << 20, 1_000_000, 64L << 20);
}
