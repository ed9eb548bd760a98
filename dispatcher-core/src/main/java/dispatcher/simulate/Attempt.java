package dispatcher.simulate;

import dispatcher.simulate.policy.Start;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// A build on a machine, from the slot to the end. Confined to one thread.
final class Attempt {
    final Start start;
    final int slot;
    final Instant began;

    @Nullable
    Instant connected;

    @Nullable
    Instant building;

    @Nullable
    Instant built;

    @Nullable
    Instant released;

    @Nullable
    Instant ended;

    Span.End end = Span.End.DONE;
    Network.@Nullable Transfer transfer;
    /// Copies that it waits for: its own, and those of others that have a path of its.
    int copies;

    Attempt(Start start, int slot, Instant began) {
        this.start = start;
        this.slot = slot;
        this.began = began;
    }

    boolean isOver() {
        return ended != null;
    }

    Span span() {
        var over = ended;
        if (over == null) throw new IllegalStateException("still going on");
        return new Span(
                start.job(),
                start.host(),
                slot,
                start.reason(),
                began,
                connected == null ? over : connected,
                building == null ? over : building,
                built == null ? over : built,
                released == null ? over : released,
                over,
                end);
    }
}
