package dispatcher.store.spool;

/// A place in a ring, and alone the head of an empty one. Confined to the index.
class SpoolRing {
    SpoolRing before = this;
    SpoolRing after = this;
    private boolean linked;

    final void insertBefore(SpoolRing other) {
        before = other.before;
        after = other;
        before.after = this;
        other.before = this;
        linked = true;
    }

    final void unlink() {
        before.after = after;
        after.before = before;
        before = this;
        after = this;
        linked = false;
    }

    final boolean isLinked() {
        return linked;
    }
}
