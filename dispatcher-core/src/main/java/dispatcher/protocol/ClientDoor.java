package dispatcher.protocol;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.client.ClientLimits;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Lets in as many connections as the limits allow, in all and of each client. One for each way in. Safe for
/// any thread, waits for nobody.
public final class ClientDoor {
    @GuardedBy("lock")
    private ClientLimits limits;

    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, Integer> addresses = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, Integer> credentials = new HashMap<>();

    @GuardedBy("lock")
    private final LoginThrottle throttle;

    @GuardedBy("lock")
    private int connections;

    @GuardedBy("lock")
    private int loggingIn;

    public ClientDoor(ClientLimits limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.throttle = new LoginThrottle(limits.failedLogins());
    }

    /// For those who come from now on; who is in stays.
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

        @GuardedBy("lock")
        private @Nullable String credential;

        @GuardedBy("lock")
        private boolean failed;

        @GuardedBy("lock")
        private boolean left;

        private Visit(String address) {
            this.address = address;
        }

        /// It has shown something that we do not let anybody in for.
        public void loginFailed() {
            lock.lock();
            try {
                failed = true;
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
                if (left || credential != null) return Optional.empty();
                loggingIn--;
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
                } else {
                    loggingIn--;
                    if (failed) throttle.failed(address, nanoTime.getAsLong());
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private static void decrement(Map<String, Integer> counts, String key) {
        counts.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
    }

    /// A connection has come from `address`.
    public Answer arrive(String address) {
        lock.lock();
        try {
            var refused = objection(address);
            if (refused.isPresent()) return new Refused(refused.get());
            connections++;
            loggingIn++;
            addresses.merge(address, 1, Integer::sum);
            return new Visit(address);
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Optional<String> objection(String address) {
        var wait = throttle.wait(address, nanoTime.getAsLong());
        if (wait.isPositive())
            return Optional.of("too many logins failed from your address; come again in %d s"
                    .formatted(wait.plus(Duration.ofMillis(999)).toSeconds()));
        if (connections >= limits.connections())
            return Optional.of("this dispatcher has %d connections, which is all it allows".formatted(connections));
        if (addresses.getOrDefault(address, 0) >= limits.connectionsPerAddress())
            return Optional.of("there are %d connections from your address to this dispatcher, which is all it allows"
                    .formatted(limits.connectionsPerAddress()));
        if (loggingIn >= limits.loggingIn())
            return Optional.of("%d others are logging in to this dispatcher; come again".formatted(loggingIn));
        return Optional.empty();
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
