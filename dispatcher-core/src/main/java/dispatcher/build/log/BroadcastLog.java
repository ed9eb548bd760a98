package dispatcher.build.log;

import dispatcher.build.log.LogParts.Part;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/// The log of a build that one or several clients want: each gets what comes from when it came, by a [ClientLog]
/// of its own. A burst that they cannot take at once holds the build up a little, as nothing of it need be left
/// out then. All its clients together can do so for [#PATIENCE] in the life of a build.
///
/// Safe for any thread.
public final class BroadcastLog extends PartedLog {
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /// Nanoseconds that are left of it.
    private final AtomicLong patience = new AtomicLong();
    private final List<ClientLog> clients = new CopyOnWriteArrayList<>();

    /// A build begins.
    public void begin() {
        patience.set(PATIENCE.toNanos());
    }

    public void follow(ClientLog client) {
        clients.add(client);
    }

    public void leave(ClientLog client) {
        clients.remove(client);
    }

    @Override
    void add(Part part) {
        for (var client : clients) {
            long before = patience.get();
            long after = client.add(part, before);
            if (after != before) patience.addAndGet(after - before);
        }
    }

    @Override
    public void flush() {
        for (var client : clients) client.flush();
    }

    /// Wakes all clients' threads up.
    public void wake() {
        for (var client : clients) client.wake();
    }
}
