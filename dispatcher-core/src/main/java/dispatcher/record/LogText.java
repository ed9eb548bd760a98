package dispatcher.record;

import dispatcher.nix.ByteString;

/// A piece of a build's log.
///
/// @param from   where it begins, in bytes from the beginning of the log
/// @param isLast whether that is all that there is by now
public record LogText(long from, ByteString text, boolean isLast) {
    /// Where it ends.
    public long next() {
        return from + text.length();
    }
}
