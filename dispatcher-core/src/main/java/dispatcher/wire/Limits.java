package dispatcher.wire;

/// Bounds on what one value of a peer may take. A count is no reason to allocate: memory grows only with bytes
/// received.
///
/// @param stringBytes  of one string
/// @param elements     of one list, set or map
/// @param messageBytes of one whole request or reply, payloads not counted
public record Limits(long stringBytes, long elements, long messageBytes) {
    private static final long REQUEST = 64L << 20;

    /// Of one string of an answer. What builds say may be longer, and is not kept whole.
    private static final long ANSWER = 16L << 20;

    /// For what clients say: closures of half a million paths, environments of many megabytes, even in one
    /// variable. A path takes three times as much in memory as on its way, so a heap of 512 MB has room for two
    /// such requests at once.
    public static final Limits DEFAULT = new Limits(REQUEST, 1_000_000, REQUEST);

    /// For what machines say, where nothing else follows from what they were asked: lines of a log, words of an
    /// error. At most some 70 MB in memory, while it is read.
    public static final Limits ANSWERS = new Limits(ANSWER, 300_000, 32L << 20);

    /// For what a machine knows of one path: as much as a client may send of it.
    public static final Limits INFO = DEFAULT;

    /// For what is read one by one, and not kept.
    public static final Limits PASSING = new Limits(4096, Integer.MAX_VALUE, Long.MAX_VALUE);

    /// What a string takes of [#messageBytes] beside its bytes.
    public static final int STRING_BYTES = 32;

    /// These limits, with room for a number of further strings.
    ///
    /// @param strings how many may come in one list, if that is more
    /// @param bytes   of all of them together
    public Limits plus(long strings, long bytes) {
        return new Limits(stringBytes, Math.max(elements, strings), messageBytes + bytes + strings * STRING_BYTES);
    }
}
