package dispatcher.nix.nar;

/// Adds up how many bytes a NAR will have, from calls in [NarVisitor]'s order; [NarParser] has the shape. Confined to
/// one thread.
public final class NarSize {
    private static final long TAG = string(1);
    private static final long BEGIN = string("nix-archive-1".length());
    private static final long NODE = TAG + string("type".length());
    private static final long REGULAR = NODE + string("regular".length()) + string("contents".length());
    private static final long EXECUTABLE = string("executable".length()) + string(0);
    private static final long SYMLINK = NODE + string("symlink".length()) + string("target".length());
    private static final long DIRECTORY = NODE + string("directory".length()) + TAG;
    private static final long ENTRY =
            string("entry".length()) + TAG + string("name".length()) + string("node".length()) + TAG;

    private long bytes = BEGIN;

    /// @param size bytes of its contents
    public void file(boolean executable, long size) {
        bytes += REGULAR + (executable ? EXECUTABLE : 0) + string(size) + TAG;
    }

    /// @param length bytes of its target
    public void symlink(int length) {
        bytes += SYMLINK + string(length) + TAG;
    }

    /// The directory itself, without what is in it.
    public void directory() {
        bytes += DIRECTORY;
    }

    /// @param length bytes of its name
    public void entry(int length) {
        bytes += ENTRY + string(length);
    }

    public long bytes() {
        return bytes;
    }

    private static long string(long length) {
        return 8 + Math.addExact(length, 7) / 8 * 8;
    }
}
