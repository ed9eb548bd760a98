package dispatcher.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/// Logs refusals: each once, and again after a while with the number of times
/// since, so that no client can fill the log. Safe for any thread.
public final class ThrottledLog {
    private static final long QUIET_NANOS = Duration.ofMinutes(10).toNanos();
    private static final int MOST_REFUSALS = 1000;

    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    /// The one logged longest ago comes first.
    @GuardedBy("lock")
    private final LinkedHashMap<Refusal, Logged> logged = new LinkedHashMap<>();

    private record Refusal(String what, String who) {}

    private record Logged(long at, long since) {}

    public ThrottledLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// @param what the kind of refusal: one of a few texts
    /// @param who  an address or a client, the same each time
    public void refused(Logger log, String what, String who, String why) {
        var news = news(what, who);
        if (news.isEmpty()) return;
        var event = log.atWarn().addKeyValue("from", who).addKeyValue("why", why);
        if (news.getAsLong() > 0)
            event.addKeyValue("timesSinceLastTold", news.getAsLong()).log("{}", what);
        else event.log("{}; not repeated for some minutes", what);
    }

    /// How often it has happened since it was logged last; empty if it should not be logged now.
    OptionalLong news(String what, String who) {
        long now = nanoTime.getAsLong();
        var refusal = new Refusal(what, who);
        lock.lock();
        try {
            var before = logged.get(refusal);
            if (before != null && now - before.at() < QUIET_NANOS) {
                logged.put(refusal, new Logged(before.at(), before.since() + 1));
                return OptionalLong.empty();
            }
            logged.remove(refusal);
            if (logged.size() >= MOST_REFUSALS) {
                var oldest = logged.firstEntry();
                // Very many at once are one flood, and not an event each.
                if (now - oldest.getValue().at() < QUIET_NANOS) return OptionalLong.empty();
                logged.pollFirstEntry();
            }
            logged.put(refusal, new Logged(now, 0));
            return OptionalLong.of(before == null ? 0 : before.since());
        } finally {
            lock.unlock();
        }
    }
}
