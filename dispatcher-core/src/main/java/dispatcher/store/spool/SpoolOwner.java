package dispatcher.store.spool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What one client has of a spool: the paths that it was the first to upload, the room set aside for what it uploads
/// now, and what its sessions pin. Changed by the index alone.
final class SpoolOwner {
    private final String name;

    /// Its paths that may go, as a ring: after this comes the one used longest ago.
    final SpoolRing ring = new SpoolRing();

    /// Sessions that go on, and paths that are there: without either it is forgotten.
    int uses;

    /// Of the NARs of its paths; one that several of them have counts for each.
    long keptBytes;

    /// Of those, what may go.
    long ringBytes;

    long reservedBytes;

    /// Of the NARs of paths that its sessions pin; any client may have uploaded them.
    long pinnedBytes;

    /// Memory for what is known of its paths, and what is set aside for those on their way.
    long indexBytes;

    /// How many of its sessions pin the path in each slot.
    private int[] pins = {};

    /// @param name the client's, for people
    SpoolOwner(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    /// What counts towards its share.
    long bytes() {
        return keptBytes + reservedBytes;
    }

    /// What of the spool cannot go for others.
    long lockedBytes() {
        return pinnedBytes + reservedBytes;
    }

    @Nullable
    SpoolNode oldest() {
        return ring.after instanceof SpoolNode node ? node : null;
    }

    int pins(int slot) {
        return slot < pins.length ? pins[slot] : 0;
    }

    void changePins(int slot, int by) {
        if (slot >= pins.length) pins = Arrays.copyOf(pins, Math.max(slot + 1, pins.length * 2));
        pins[slot] += by;
    }
}
