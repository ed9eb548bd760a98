package dispatcher.nix.nar;

import dispatcher.nix.ByteString;

/// Receives what a [NarParser] finds, in the order of the archive. Each method does nothing unless overridden.
///
/// Shape of the calls: `node = file contents* fileEnd | symlink | directoryStart (entry node)* directoryEnd`.
/// What it receives has been checked, but the archive may still turn out broken later on.
public interface NarVisitor {
    default void directoryStart() {}

    /// The name of the node that follows, in the directory that was opened last.
    default void entry(ByteString name) {}

    default void directoryEnd() {}

    /// @param size bytes of the contents that follow
    default void file(boolean executable, long size) {}

    /// The next piece of a file. The array is the caller's and changes after the call; never called with no bytes.
    default void contents(byte[] bytes, int offset, int length) {}

    default void fileEnd() {}

    default void symlink(ByteString target) {}
}
