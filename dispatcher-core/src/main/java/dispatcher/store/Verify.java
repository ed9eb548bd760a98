package dispatcher.store;

import dispatcher.nix.PathInfo;

/// Who finds out whether a NAR is what its path's info says: hashing it costs more than all the rest of reading
/// it, so only one of the two ends does.
public sealed interface Verify {
    /// The reader of the store, see [Here].
    Verify HERE = new Here();

    /// The receiver of the bytes, see [ByReceiver].
    ///
    /// @param expected what the store has said of the path
    static Verify byReceiver(PathInfo expected) {
        return new ByReceiver(expected);
    }

    /// The store hashes what it hands out, or has done so before. The summary says what the NAR was, and the caller
    /// compares that with what it expected.
    record Here() implements Verify {}

    /// The receiver of the NAR compares its hash. The store at most ensures that it is a NAR. The summary has the
    /// size that was found, and the hash that was expected.
    ///
    /// @param expected what the store has said of the path
    record ByReceiver(PathInfo expected) implements Verify {}
}
