package dispatcher.cli.decline;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.schedule.BuildQueue;
import dispatcher.schedule.QueuePosition;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether builds of this host's Nix are declined now, and why. Nix then builds them itself, at once.
///
/// What was found counts for [#VALID], so that a hundred clients cost one look. Safe for any thread; those who ask
/// meanwhile wait for the one that looks, for some seconds at most.
public final class Decline {
    private static final Logger log = LoggerFactory.getLogger(Decline.class);
    static final Duration VALID = Duration.ofSeconds(5);

    private final HostState host;
    private final Supplier<Duration> longestWait;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private DeclineRules rules;

    @GuardedBy("lock")
    private Optional<String> found = Optional.empty();

    @GuardedBy("lock")
    private long validUntil;

    /// @param longestWait how long a build that waits is expected to wait yet, at most; zero if none waits
    public Decline(DeclineRules rules, Supplier<Duration> longestWait) {
        this(rules, longestWait, HostState.ofThisHost(), System::nanoTime);
    }

    Decline(DeclineRules rules, Supplier<Duration> longestWait, HostState host, LongSupplier nanoTime) {
        this.rules = rules;
        this.longestWait = longestWait;
        this.host = host;
        this.nanoTime = nanoTime;
        this.validUntil = nanoTime.getAsLong();
    }

    /// How long a build that waits there is expected to wait yet, at most, as far as that is known.
    public static Duration longestWait(BuildQueue queue) {
        return queue.snapshot().waiting().stream()
                .filter(QueuePosition::isMeasured)
                .map(QueuePosition::untilExpected)
                .filter(wait -> wait.compareTo(QueuePosition.UNKNOWN) < 0)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /// Other rules count at once.
    public void change(DeclineRules newRules) {
        lock.lock();
        try {
            rules = newRules;
            validUntil = nanoTime.getAsLong();
        } finally {
            lock.unlock();
        }
    }

    /// Why a client is to build itself; empty if it may have its builds done here.
    public Optional<String> why() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (rules.equals(DeclineRules.NEVER)) return Optional.empty();
            if (nanoTime.getAsLong() - validUntil < 0) return found;
            var now = look(rules);
            if (!now.equals(found))
                log.atInfo()
                        .addKeyValue("why", now.orElse("nothing speaks against it any more"))
                        .log(
                                now.isPresent()
                                        ? "builds of this host's Nix are declined from now on"
                                        : "builds of this host's Nix are taken again");
            found = now;
            validUntil = nanoTime.getAsLong() + VALID.toNanos();
            return found;
        } finally {
            lock.unlock();
        }
    }

    private Optional<String> look(DeclineRules now) throws InterruptedException {
        if (now.onBattery() && holds("decline.onBattery", host::isOnBattery))
            return Optional.of("this host runs on its battery (decline.onBattery)");
        if (now.offline() && holds("decline.offline", host::isOffline))
            return Optional.of("no network leads out of this host (decline.offline)");
        var limit = now.waitOver();
        if (limit.isPresent()) {
            var wait = longestWait.get();
            if (wait.compareTo(limit.get()) > 0)
                return Optional.of(
                        "builds are expected to wait for %d s (decline.waitOver)".formatted(wait.toSeconds()));
        }
        var command = now.command();
        if (command.isPresent() && holds("decline.command", () -> host.succeeds(command.get())))
            return Optional.of("the settings' command says so (decline.command)");
        return Optional.empty();
    }

    /// Something that may fail to be known.
    @FunctionalInterface
    private interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    private static boolean holds(String key, Condition condition) throws InterruptedException {
        try {
            return condition.holds();
        } catch (IOException e) {
            Interruption.rethrow(e);
            log.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("why", e.getMessage())
                    .log("it is not known whether builds of this host's Nix are to be declined; they are taken");
            return false;
        }
    }
}
