package dispatcher.dispatch;

import dispatcher.nix.ByteString;
import dispatcher.store.BuildLog;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/// The log of a build that several clients want: whoever began it gets each line as it comes, the others from when they
/// came, on their own threads, so that one of them who does not read holds up nobody else.
///
/// Safe for any thread.
final class FollowedLog implements BuildLog {
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private volatile BuildLog first = BuildLog.NONE;

    /// Who runs the build now.
    void begin(BuildLog log) {
        first = log;
    }

    /// Who runs the build has nobody to tell any more.
    void end() {
        first = BuildLog.NONE;
    }

    Follower follow(BuildLog log) {
        var follower = new Follower(log);
        followers.add(follower);
        return follower;
    }

    private void tell(Consumer<BuildLog> event) {
        for (var follower : followers) follower.offer(event);
        event.accept(first);
    }

    @Override
    public void note(String text) {
        tell(log -> log.note(text));
    }

    @Override
    public void assigned(String machine, String reason) {
        tell(log -> log.assigned(machine, reason));
    }

    @Override
    public void phase(String phase) {
        tell(log -> log.phase(phase));
    }

    @Override
    public void line(ByteString line) {
        tell(log -> log.line(line));
    }

    @Override
    public void flush() {
        tell(BuildLog::flush);
    }

    /// Wakes all followers up.
    void wake() {
        for (var follower : followers) follower.offer(_ -> {});
    }

    /// One who waits for a build that another runs.
    final class Follower implements AutoCloseable {
        private static final int MOST_EVENTS = 4096;

        private final BuildLog log;
        private final BlockingQueue<Consumer<BuildLog>> events = new ArrayBlockingQueue<>(MOST_EVENTS);
        private final AtomicInteger leftOut = new AtomicInteger();

        private Follower(BuildLog log) {
            this.log = log;
        }

        private void offer(Consumer<BuildLog> event) {
            if (!events.offer(event)) leftOut.incrementAndGet();
        }

        /// Waits for something to happen, and writes it to the log.
        void writeNext() throws InterruptedException {
            write(events.take());
        }

        /// Writes what has happened, without waiting for more.
        void writeRest() {
            for (var event = events.poll(); event != null; event = events.poll()) write(event);
        }

        private void write(Consumer<BuildLog> event) {
            event.accept(log);
            int lost = leftOut.getAndSet(0);
            if (lost > 0)
                log.note(
                        "dispatcher: %d parts of the log were left out, as they were not read in time".formatted(lost));
        }

        @Override
        public void close() {
            followers.remove(this);
        }
    }
}
