package dispatcher.wire.socket;

import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/// Takes connections, one after the other, until the listener is closed. A fault, such as too many open files, does
/// not end it: it waits a little, longer each time, tries again, and logs the fault once in a while.
///
/// Confined to the thread that runs it.
///
/// @param <T> what a connection is
final class AcceptLoop<T> {
    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();

    /// Where connections come from.
    interface Source<T> {
        /// Waits for the next one.
        T accept() throws IOException;

        boolean isOpen();

        /// Waits for as long, or until this is closed.
        void pause(Duration time) throws InterruptedException;
    }

    private final String whose;
    private final Source<T> source;
    private final Consumer<T> client;
    private final Logger log;
    private final LongSupplier nanoTime;
    private Duration pause = FIRST_PAUSE;
    private long faults;
    private long toldAt;

    /// @param whose what a connection is called in the log, such as `local client`
    AcceptLoop(String whose, Source<T> source, Consumer<T> client, Logger log, LongSupplier nanoTime) {
        this.whose = whose;
        this.source = source;
        this.client = client;
        this.log = log;
        this.nanoTime = nanoTime;
    }

    void run() {
        try {
            while (source.isOpen()) {
                try {
                    client.accept(source.accept());
                    recovered();
                } catch (IOException e) {
                    if (!source.isOpen()) return;
                    failed(e);
                    source.pause(pause);
                    pause = longer(pause);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration longer(Duration pause) {
        var twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }

    private void failed(IOException fault) {
        long now = nanoTime.getAsLong();
        faults++;
        if (faults > 1 && now - toldAt < QUIET_NANOS) return;
        toldAt = now;
        log.atWarn()
                .addKeyValue("times", faults)
                .addKeyValue("reason", fault.getMessage())
                .log("cannot accept a {}; trying again, and saying so once a minute at most", whose);
    }

    private void recovered() {
        if (faults == 0) return;
        log.atInfo().addKeyValue("times", faults).log("a {} could be accepted again", whose);
        faults = 0;
        pause = FIRST_PAUSE;
    }
}
