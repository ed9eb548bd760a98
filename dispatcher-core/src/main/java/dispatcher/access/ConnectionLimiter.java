package dispatcher.access;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Lets in as many connections as the limits allow, in all and of each client, and keeps those who do not log in
/// from keeping others out. One for each way in. Safe for any thread; never waits.
///
/// From one address only some may be logging in at once, and a few if logins from there keep failing: nobody is
/// refused for what others behind the same address did, as long as they leave some of these places. Where all
/// places are taken, a new connection gets the place of one that has had its time; or, whatever time that has
/// had, of one from the address that has the most places, if that is more than the new one's has.
public final class ConnectionLimiter {
    /// Time that a login may take even where others wait for its place.
    static final Duration GRACE = Duration.ofSeconds(3);

    /// Of the places of an address, the part that it has while logins from there keep failing.
    private static final int PART_WHILE_FAILING = 20;

    private static final String DISPLACED =
            "logging in took long, and others wait to log in to this dispatcher;" + " come again";

    @GuardedBy("lock")
    private ClientLimits limits;

    private final String whose;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Integer> addresses = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, Integer> credentials = new HashMap<>();

    @GuardedBy("lock")
    private final LoginThrottle throttle;

    @GuardedBy("lock")
    private final Lobby<Visit> lobby = new Lobby<>(Visit::isPromising);

    @GuardedBy("lock")
    private int connections;

    /// @param whose what connections of one address have in common, for messages: `from your address`
    public ConnectionLimiter(ClientLimits limits, String whose, LongSupplier nanoTime) {
        this.limits = limits;
        this.whose = whose;
        this.nanoTime = nanoTime;
        this.throttle = new LoginThrottle(limits.failedLogins());
    }

    /// For connections that come from now on; those that are in stay.
    public void change(ClientLimits newLimits) {
        lock.lock();
        try {
            limits = newLimits;
            throttle.change(newLimits.failedLogins());
        } finally {
            lock.unlock();
        }
    }

    /// Whether a connection may come in.
    public sealed interface Answer {}

    /// @param why in words for the client
    public record Refused(String why) implements Answer {}

    /// A connection that is in, until it leaves.
    public final class Visit implements Answer {
        private final String address;
        private final Displaced displaced;
        private final long since;

        @GuardedBy("lock")
        private @Nullable String credential;

        @GuardedBy("lock")
        private boolean failed;

        @GuardedBy("lock")
        private boolean promising;

        @GuardedBy("lock")
        private boolean left;

        private Visit(String address, Displaced displaced, long since) {
            this.address = address;
            this.displaced = displaced;
            this.since = since;
        }

        /// It has shown something that we do not let anybody in for. However much it shows, it has failed once at
        /// most.
        public void loginFailed() {
            lock.lock();
            try {
                failed = true;
            } finally {
                lock.unlock();
            }
        }

        /// It has named a key that we would let it in for, and has yet to prove that it has it.
        public void promises() {
            lock.lock();
            try {
                promising = true;
            } finally {
                lock.unlock();
            }
        }

        private boolean isPromising() {
            lock.lock();
            try {
                return promising;
            } finally {
                lock.unlock();
            }
        }

        /// It has shown who it is. To be called once.
        ///
        /// @return why it may not stay, in words for the client; empty if it may
        public Optional<String> loggedIn(String as) {
            lock.lock();
            try {
                if (credential != null) return Optional.empty();
                if (left) return Optional.of(DISPLACED);
                lobby.remove(address, this);
                throttle.succeeded(address);
                credential = as;
                int count = credentials.merge(as, 1, Integer::sum);
                if (count <= limits.connectionsPerKey()) return Optional.empty();
                return Optional.of(
                        "you have %d connections with this key to this dispatcher already, which is all it allows"
                                .formatted(limits.connectionsPerKey()));
            } finally {
                lock.unlock();
            }
        }

        /// It belongs to another one, which logs in for both, and has not failed if it leaves.
        public void joins() {
            lock.lock();
            try {
                if (left || credential != null) return;
                lobby.remove(address, this);
                left = true;
                connections--;
                decrement(addresses, address);
            } finally {
                lock.unlock();
            }
        }

        /// The connection is over. May be called again.
        public void leave() {
            lock.lock();
            try {
                if (left) return;
                left = true;
                connections--;
                decrement(addresses, address);
                if (credential != null) {
                    decrement(credentials, credential);
                    return;
                }
                lobby.remove(address, this);
                long now = nanoTime.getAsLong();
                boolean glance = !failed && !hasHadItsTime(now);
                throttle.failed(address, glance ? LoginThrottle.GLANCE : LoginThrottle.FAILURE, now);
            } finally {
                lock.unlock();
            }
        }

        private boolean hasHadItsTime(long now) {
            return now - since >= GRACE.toNanos();
        }

        /// For another one. Its own [#leave] finds it gone.
        private void giveUpItsPlace(long now) {
            lock.lock();
            try {
                left = true;
                connections--;
                decrement(addresses, address);
                lobby.remove(address, this);
                if (failed || hasHadItsTime(now)) throttle.failed(address, LoginThrottle.FAILURE, now);
            } finally {
                lock.unlock();
            }
        }
    }

    /// Closes a connection whose place another one has taken. Called with no lock held, on the thread of the other
    /// one.
    public interface Displaced {
        /// @param why in words for the client
        void goes(String why);
    }

    private static void decrement(Map<String, Integer> counts, String key) {
        counts.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
    }

    /// A connection has come from `address`.
    ///
    /// @param displaced called if it has to go before it has logged in
    public Answer arrive(String address, Displaced displaced) {
        Optional<Visit> gone;
        Visit visit;
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            var full = objection(address, now);
            gone = full.flatMap(it -> it.place(now));
            if (full.isPresent() && gone.isEmpty())
                return new Refused(full.get().why());
            if (gone.isPresent()) gone.get().giveUpItsPlace(now);
            connections++;
            addresses.merge(address, 1, Integer::sum);
            visit = new Visit(address, displaced, now);
            lobby.add(address, visit);
        } finally {
            lock.unlock();
        }
        gone.ifPresent(it -> it.displaced.goes(DISPLACED));
        return visit;
    }

    /// That there is no room for one more.
    ///
    /// @param why       in words for the client
    /// @param candidate whose place it may have
    /// @param atOnce    whether that one has to go even if it has only just come
    private record Full(String why, Optional<Visit> candidate, boolean atOnce) {
        Optional<Visit> place(long now) {
            return candidate.filter(it -> atOnce || it.hasHadItsTime(now));
        }
    }

    @GuardedBy("lock")
    private Optional<Full> objection(String address, long now) {
        boolean failing = throttle.isFailing(address, now);
        int here = lobby.size(address);
        if (failing && here >= Math.max(1, limits.loggingInPerAddress() / PART_WHILE_FAILING))
            return Optional.of(among(
                    address,
                    "many logins %s failed, so only %d at once may log in; come again in %d s"
                            .formatted(whose, here, GRACE.toSeconds())));
        if (here >= limits.loggingInPerAddress())
            return Optional.of(among(
                    address, "%d others %s are logging in to this dispatcher; come again".formatted(here, whose)));
        int own = addresses.getOrDefault(address, 0);
        if (own >= limits.connectionsPerAddress())
            return Optional.of(among(
                    address,
                    "there are %d connections %s to this dispatcher, which is all it allows"
                            .formatted(limits.connectionsPerAddress(), whose)));
        if (connections >= limits.connections())
            return Optional.of(amongAll(
                    address, now, "this dispatcher has %d connections, which is all it allows".formatted(connections)));
        if (lobby.size() >= limits.loggingIn())
            return Optional.of(amongAll(
                    address, now, "%d others are logging in to this dispatcher; come again".formatted(lobby.size())));
        return Optional.empty();
    }

    @GuardedBy("lock")
    private Full among(String address, String why) {
        return new Full(why, lobby.oldest(address), false);
    }

    @GuardedBy("lock")
    private Full amongAll(String address, long now, String why) {
        var most = crowd(address, 1, now);
        for (var other : lobby.addresses()) {
            var crowd = crowd(other, 0, now);
            if (Crowd.ORDER.compare(crowd, most) > 0) most = crowd;
        }
        if (most.address().equals(address)) return new Full(why, lobby.oldest(), false);
        return new Full(why, lobby.oldest(most.address()), true);
    }

    @GuardedBy("lock")
    private Crowd crowd(String address, int more, long now) {
        return new Crowd(address, throttle.isFailing(address, now), lobby.size(address) + more);
    }

    /// Those from one address.
    private record Crowd(String address, boolean failing, int size) {
        static final Comparator<Crowd> ORDER =
                Comparator.comparing(Crowd::failing).thenComparingInt(Crowd::size);
    }

    /// How many are in.
    public int connections() {
        lock.lock();
        try {
            return connections;
        } finally {
            lock.unlock();
        }
    }
}
