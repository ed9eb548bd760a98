package dispatcher.machine.load;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Pressure;
import dispatcher.nix.BasicDerivation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.thread.SteadyThread;
import dispatcher.thread.TimeLimit;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Measures one machine: every 4 s while it builds something for us, and every 30 s while a connection to it is open.
/// It makes no connection for this and keeps none open. A machine that does not run our commands is asked again after
/// an hour.
///
/// A sample starts half a dozen programs on the machine, more than a small build does. So builds that follow each
/// other closely share one, and it is taken a second after the first of them began: a build that needs memory has
/// taken some by then. A build that ends before the next sample is not seen. A machine without any sample yet is
/// asked at once, because otherwise nobody could know whether the kernel killed a process before or during a build
/// that is killed.
///
/// Has a thread of its own from its first build on. Safe for any thread; listeners and the machine are called with no
/// lock held.
public final class MachineSampler implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MachineSampler.class);
    static final Duration WHILE_BUILDING = Duration.ofSeconds(4);
    static final Duration WHILE_IDLE = Duration.ofSeconds(30);
    /// From the beginning of a build on.
    static final Duration AFTER_BEGIN = Duration.ofSeconds(1);
    static final Duration AFTER_NONSENSE = Duration.ofHours(1);
    /// Older samples say nothing.
    static final Duration VALID = Duration.ofSeconds(90);
    /// For the machine's answer.
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /// For a sample that a thread waits for.
    private static final Duration WAIT = Duration.ofSeconds(3);

    private final String machine;
    private final Transport transport;
    private final StoreDir storeDir;
    private final PressureListener listener;
    private final InstantSource clock;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Set<BuildWatch> builds = new LinkedHashSet<>();

    @GuardedBy("lock")
    private boolean started;

    private volatile boolean paused;
    private volatile Consumer<Pressure> onSample = _ -> {};

    @GuardedBy("lock")
    private boolean closed;

    /// Somebody wants a sample at once.
    @GuardedBy("lock")
    private boolean wanted;

    /// When the last attempt began, and the first build of those that it could not see; in nanoseconds.
    @GuardedBy("lock")
    private OptionalLong lastAttempt = OptionalLong.empty();

    @GuardedBy("lock")
    private OptionalLong unseenSince = OptionalLong.empty();

    /// Attempts that are over.
    @GuardedBy("lock")
    private long attempts;

    @GuardedBy("lock")
    private boolean isUnderWay;

    /// Which attempt the last sample comes from, counted from 1.
    @GuardedBy("lock")
    private long sampledBy;

    @GuardedBy("lock")
    private @Nullable Pressure last;

    @GuardedBy("lock")
    private OptionalLong memory = OptionalLong.empty();

    /// The machine runs none of our commands.
    @GuardedBy("lock")
    private boolean mute;

    /// @param transport not closed with this
    public MachineSampler(
            String machine, Transport transport, StoreDir storeDir, PressureListener listener, InstantSource clock) {
        this.machine = machine;
        this.transport = transport;
        this.storeDir = storeDir;
        this.listener = listener;
        this.clock = clock;
        this.thread = SteadyThread.unstarted("pressure of " + machine, this::samplesAgain);
    }

    /// Sends the listener nothing from now on, because another object leads to the machine. Builds that run there
    /// still get their samples.
    public void pause() {
        paused = true;
    }

    /// Gives each sample to `action` too, for the object that leads to the machine. The listener's terms hold for it.
    /// It goes on after [#pause].
    ///
    /// @param action replaces the one before
    public void onSample(Consumer<Pressure> action) {
        onSample = action;
    }

    /// A build begins there.
    ///
    /// @param onPeak given bytes each time the build is seen to take more memory than before; on this
    ///               object's thread
    public BuildWatch watch(StorePath drvPath, BasicDerivation derivation, LongConsumer onPeak) {
        var build = new BuildWatch(this, storeDir, drvPath, derivation, onPeak);
        lock.lock();
        try {
            if (last != null && isValid(last)) build.begin(last);
            builds.add(build);
            if (unseenSince.isEmpty()) unseenSince = OptionalLong.of(System.nanoTime());
            changed.signalAll();
            if (!started && !closed) thread.start();
            started = true;
        } finally {
            lock.unlock();
        }
        return build;
    }

    void forget(BuildWatch build) {
        lock.lock();
        try {
            builds.remove(build);
        } finally {
            lock.unlock();
        }
    }

    /// Its last sample; empty if that is too old or missing.
    public Optional<Pressure> pressure() {
        lock.lock();
        try {
            return Optional.ofNullable(last).filter(this::isValid);
        } finally {
            lock.unlock();
        }
    }

    /// Bytes that it has in all, as it said last; empty if it never did.
    public OptionalLong memory() {
        lock.lock();
        try {
            return memory;
        } finally {
            lock.unlock();
        }
    }

    private boolean isValid(Pressure pressure) {
        return Duration.between(pressure.sampledAt(), clock.instant()).compareTo(VALID) < 0;
    }

    /// A sample that is taken from now on; empty if there is none within some seconds.
    Optional<Pressure> sampleNow() throws InterruptedException {
        lock.lock();
        try {
            if (closed || mute) return Optional.empty();
            // One that is under way may have begun too early.
            long fresh = attempts + (isUnderWay ? 2 : 1);
            long left = WAIT.toNanos();
            while (attempts < fresh && !closed && !mute && left > 0) {
                wanted = true;
                changed.signalAll();
                left = changed.awaitNanos(left);
            }
            return sampledBy >= fresh ? Optional.ofNullable(last) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    private boolean samplesAgain() throws InterruptedException {
        if (!awaitTurn()) return false;
        try {
            attempt();
        } finally {
            // Last, when the builds have the sample too; and in every case, because a thread may wait for this.
            ended();
        }
        return true;
    }

    /// Returns when it is time for the next sample; false if there will be none.
    private boolean awaitTurn() throws InterruptedException {
        lock.lock();
        try {
            long left = untilTurn();
            while (!closed && left > 0 && !(wanted && !mute)) {
                changed.awaitNanos(left);
                left = untilTurn();
            }
            wanted = false;
            unseenSince = OptionalLong.empty();
            lastAttempt = OptionalLong.of(System.nanoTime());
            isUnderWay = !closed;
            return isUnderWay;
        } finally {
            lock.unlock();
        }
    }

    /// Nanoseconds until the next sample is due; 0 or less if it is.
    @GuardedBy("lock")
    private long untilTurn() {
        if (unseenSince.isPresent() && !mute && (last == null || !isValid(last))) return 0;
        long now = System.nanoTime();
        long pause = (mute ? AFTER_NONSENSE : isBusy() ? WHILE_BUILDING : WHILE_IDLE).toNanos();
        long afterLast = lastAttempt.isEmpty() ? 0 : lastAttempt.getAsLong() + pause - now;
        long afterBegin = unseenSince.isEmpty() ? 0 : unseenSince.getAsLong() + AFTER_BEGIN.toNanos() - now;
        return Math.max(afterLast, afterBegin);
    }

    @GuardedBy("lock")
    private boolean isBusy() {
        return !builds.isEmpty() || unseenSince.isPresent();
    }

    /// Asks once, if a connection is there.
    private void attempt() throws InterruptedException {
        Optional<Sample> sample = Optional.empty();
        boolean answered = false;
        try {
            var channel = transport.openIfConnected(SampleScript.COMMAND);
            if (channel.isPresent()) {
                sample = SampleParser.parse(ask(channel.get()), clock.instant());
                answered = true;
            }
        } catch (IOException e) {
            log.atDebug().addKeyValue("machine", machine).log("no sample: {}", e.toString());
        }
        if (answered && sample.isEmpty())
            log.atDebug().addKeyValue("machine", machine).log("gives no sample");
        report(sample, answered && sample.isEmpty());
    }

    private String ask(CommandChannel channel) throws IOException {
        try (channel;
                var _ = new TimeLimit(PATIENCE, channel::close)) {
            try (var out = channel.out()) {
                out.write(SampleScript.text(storeDir, isBuilding()));
            }
            return new String(channel.in().readNBytes(SampleParser.LONGEST), StandardCharsets.ISO_8859_1);
        }
    }

    private boolean isBuilding() {
        lock.lock();
        try {
            return !builds.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void report(Optional<Sample> sample, boolean nonsense) {
        List<BuildWatch> running;
        boolean outdated;
        lock.lock();
        try {
            running = new ArrayList<>(builds);
            mute = nonsense;
            outdated = sample.isEmpty() && last != null && !isValid(last);
            if (outdated) last = null;
            if (sample.isPresent()) {
                last = sample.get().pressure();
                memory = OptionalLong.of(last.memory().total());
                sampledBy = attempts + 1;
            }
        } finally {
            lock.unlock();
        }
        sample.ifPresent(now -> {
            for (var build : running) build.see(now.pressure(), now.builders());
            onSample.accept(now.pressure());
            if (!paused) listener.sampled(machine, now.pressure());
        });
        if (outdated && !paused) listener.unknown(machine);
    }

    private void ended() {
        lock.lock();
        try {
            attempts++;
            isUnderWay = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        thread.interrupt();
    }
}
