package dispatcher.cli.ping;

import dispatcher.wire.CommandChannel;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Closes a channel when its time is up, so that reads from it fail. Safe for any thread.
public final class Deadline implements AutoCloseable {
    private final Duration limit;
    private final AtomicReference<@Nullable CommandChannel> channel = new AtomicReference<>();
    private final Thread clock;
    private volatile boolean passed;

    public Deadline(Duration limit, String name) {
        this.limit = limit;
        this.clock = Thread.ofVirtual().name("deadline of " + name).start(this::await);
    }

    private void await() {
        try {
            Thread.sleep(limit);
        } catch (InterruptedException e) {
            return;
        }
        passed = true;
        close(channel.get());
    }

    private static void close(@Nullable CommandChannel channel) {
        if (channel != null) channel.close();
    }

    /// From now on it is this channel that is closed in the end; at once, if it is too late already.
    public void cuts(CommandChannel newChannel) {
        channel.set(newChannel);
        if (passed) newChannel.close();
    }

    public boolean hasPassed() {
        return passed;
    }

    /// Nothing is closed after this.
    @Override
    public void close() {
        clock.interrupt();
    }
}
