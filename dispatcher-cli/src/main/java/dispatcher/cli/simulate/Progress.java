package dispatcher.cli.simulate;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Says on a terminal how far a simulation is, once it takes more than a second. Confined to one thread.
final class Progress {
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final PrintWriter err;
    private final boolean wanted;
    private final LongSupplier nanoTime;
    private long next;
    private boolean shown;

    Progress(PrintWriter err, boolean wanted, LongSupplier nanoTime) {
        this.err = err;
        this.wanted = wanted;
        this.nanoTime = nanoTime;
        this.next = nanoTime.getAsLong() + PATIENCE.toNanos();
    }

    void show(String what, int done, int all) {
        if (!wanted || nanoTime.getAsLong() - next < 0) return;
        next = nanoTime.getAsLong() + PATIENCE.toNanos() / 4;
        shown = true;
        err.printf("\r\u001b[K%s: %d of %d builds", what, done, all);
        err.flush();
    }

    /// Takes back what was said.
    void end() {
        if (!shown) return;
        shown = false;
        err.print("\r\u001b[K");
        err.flush();
    }
}
