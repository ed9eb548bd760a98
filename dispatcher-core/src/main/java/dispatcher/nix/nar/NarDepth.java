package dispatcher.nix.nar;

import dispatcher.nix.ByteString;

/// Finds out how deep the directories of a NAR are nested, from calls in [NarVisitor]'s order. Confined to one
/// thread.
public final class NarDepth implements NarVisitor {
    private int open;
    private int deepest;

    /// Directories around the node that has most of them.
    public int deepest() {
        return deepest;
    }

    private void node() {
        deepest = Math.max(deepest, open);
    }

    @Override
    public void directoryStart() {
        node();
        open++;
    }

    @Override
    public void directoryEnd() {
        open--;
    }

    @Override
    public void file(boolean executable, long size) {
        node();
    }

    @Override
    public void symlink(ByteString target) {
        node();
    }
}
