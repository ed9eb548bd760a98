package dispatcher.wire;

/// An output that knows how far its reader is.
public interface Untaken {
    /// Bytes of what was written here that the reader is known not to have read; 0 if nothing is known. For any
    /// thread; never waits.
    long untaken();
}
