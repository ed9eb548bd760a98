package dispatcher.cli.top;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.thread.SteadyThread;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// What the dispatcher says, kept up to date on threads of its own: after each event, and each second. Safe for any
/// thread.
final class Fleet implements AutoCloseable {
    static final String GONE = "no dispatcher answers; it is asked again each second";
    private static final Duration LONGEST = Duration.ofSeconds(1);

    /// Between two pictures, however many events there are.
    private static final Duration SHORTEST = Duration.ofMillis(250);

    private final FleetReader reader;
    private final AtomicReference<Sight> sight;
    private final Semaphore changed = new Semaphore(0);
    private final List<Thread> threads;

    /// @param problem why the picture is old, if it is
    record Sight(Picture picture, Optional<String> problem) {}

    /// @param first picture
    Fleet(FleetReader reader, Picture first) {
        this.reader = reader;
        this.sight = new AtomicReference<>(new Sight(first, Optional.empty()));
        this.threads = List.of(
                SteadyThread.unstarted("follow events", this::follow),
                SteadyThread.unstarted("refresh the picture", this::refresh));
    }

    void start() {
        threads.forEach(Thread::start);
    }

    /// The same object as long as nothing has changed.
    Sight sight() {
        return sight.get();
    }

    /// Has the next picture come soon.
    void refreshSoon() {
        changed.drainPermits();
        changed.release();
    }

    private boolean follow() throws InterruptedException {
        try {
            reader.follow(this::refreshSoon);
        } catch (UserFacingException e) {
            // Pictures come each second without it, and they say what is wrong.
        }
        Thread.sleep(LONGEST);
        return true;
    }

    private boolean refresh() throws InterruptedException {
        boolean _ = changed.tryAcquire(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        sight.set(look());
        Thread.sleep(SHORTEST);
        return true;
    }

    private Sight look() {
        try {
            return reader.read()
                    .map(picture -> new Sight(picture, Optional.empty()))
                    .orElseGet(() -> old(GONE));
        } catch (UserFacingException e) {
            return old("%s: %s".formatted(e.what(), e.why()));
        }
    }

    private Sight old(String why) {
        return new Sight(sight.get().picture(), Optional.of(why));
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
