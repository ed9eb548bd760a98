package dispatcher.thread;

import java.time.Duration;

/// Cuts short what takes longer than it may: unless this is closed in time, it calls what cuts, such as the close
/// of a connection that somebody reads from. Costs a virtual thread while it is open.
public final class TimeLimit implements AutoCloseable {
    private final Thread clock;

    /// @param cut called once, on a thread of its own, when `limit` is over; must not block
    public TimeLimit(Duration limit, Runnable cut) {
        clock = Thread.ofVirtual().name("time limit").start(() -> {
            try {
                Thread.sleep(limit);
                cut.run();
            } catch (InterruptedException e) {
                // In time.
            }
        });
    }

    @Override
    public void close() {
        clock.interrupt();
    }
}
