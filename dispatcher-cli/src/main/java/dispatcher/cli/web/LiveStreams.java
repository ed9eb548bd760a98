package dispatcher.cli.web;

import dispatcher.cli.terminal.UserFacingException;
import dispatcher.cli.web.page.Content;
import dispatcher.cli.web.page.Pages;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// Sends browsers what has changed in the pages that they show, as server-sent events.
///
/// A stream runs on the thread of its connection. Whenever something has happened, it makes the page again and sends
/// the elements that differ; what happens while it sends, or shortly after, comes together in the next event. So a
/// browser that reads slowly gets less, and holds one page here and no queue. One that reads nothing for a time is
/// left. There are at most [#MOST] streams.
final class LiveStreams {
    static final int MOST = 64;
    private static final Duration PAUSE = Duration.ofMillis(150);
    /// What no event tells, such as a load, is looked at this often.
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);
    /// Then the browser comes again, and is asked again who it is.
    private static final Duration LONGEST = Duration.ofHours(1);

    private final Changes changes;
    private final InstantSource clock;
    private final Semaphore places = new Semaphore(MOST);
    private final Set<Thread> streams = ConcurrentHashMap.newKeySet();

    /// @param clock the dispatcher's, which browsers are told
    LiveStreams(Changes changes, InstantSource clock) {
        this.changes = changes;
        this.clock = clock;
    }

    /// Takes a place for a stream, to be given back by [#leave].
    ///
    /// @return false if there is none
    boolean enter() {
        if (!places.tryAcquire()) return false;
        streams.add(Thread.currentThread());
        return true;
    }

    void leave() {
        streams.remove(Thread.currentThread());
        places.release();
    }

    /// Ends all streams.
    void close() {
        for (var stream : streams) stream.interrupt();
    }

    /// Sends until the browser leaves, or for long enough.
    ///
    /// @param mark of what the browser shows
    void send(Pages.Found page, String mark, EventStream events) throws IOException, InterruptedException {
        long seen = changes.count();
        var shown = page.content();
        if (shown.mark().equals(mark)) sendTime(events);
        else send(shown, shown.whole().toString(), events);
        long end = System.nanoTime() + LONGEST.toNanos();
        long lastSent = System.nanoTime();
        while (System.nanoTime() < end) {
            seen = changes.await(seen, LOOK);
            var now = page.content();
            var changed = now.changesSince(shown);
            shown = now;
            if (!changed.isEmpty()) {
                send(now, changed.toString(), events);
                lastSent = System.nanoTime();
                Thread.sleep(PAUSE);
            } else if (System.nanoTime() - lastSent > SIGN_OF_LIFE.toNanos()) {
                sendTime(events);
                lastSent = System.nanoTime();
            }
        }
    }

    private void sendTime(EventStream events) throws IOException {
        events.send("time", Long.toString(clock.millis()));
    }

    private static void send(Content content, String markup, EventStream events) throws IOException {
        events.send("change", content.mark(), markup);
    }

    /// The last event of a stream: why the page cannot be shown any more.
    static void sendProblem(UserFacingException problem, EventStream events) throws IOException {
        events.send("problem", problem.what().replaceAll("[\r\n]+", " "));
    }
}
