package dispatcher.machine.provider;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Boot;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.provider.LifecycleView.State;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// When one machine is started and stopped. It is started once for all who wait for it, on a thread of its own, and
/// is ready when it has answered. It is stopped when nobody has used it for long, or somebody asked for that and the
/// last use has ended; never while it is used. A use that begins while it stops waits for that, and starts it again.
///
/// Safe for any thread. The lock is never held while the provider runs, the machine is talked to or a listener is
/// called.
public final class MachineLifecycle implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger("dispatcher");

    private final String machine;
    private final MachineProvider provider;
    private final InstantSource clock;
    private final Startup.Pauses pauses;
    private final ProviderLog events;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final BootTimes bootTimes;
    private volatile Goal goal;

    /// Of the state.
    private volatile Boot boot;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private State state = State.OFF;

    @GuardedBy("lock")
    private Instant since;

    @GuardedBy("lock")
    private int uses;

    @GuardedBy("lock")
    private Instant idleSince;

    /// How often it has become ready, and could not be started.
    @GuardedBy("lock")
    private long starts;

    @GuardedBy("lock")
    private long failures;

    @GuardedBy("lock")
    private Optional<String> problem = Optional.empty();

    /// Whether a machine that failed may run nevertheless.
    @GuardedBy("lock")
    private boolean mayRun;

    @GuardedBy("lock")
    private boolean lookedForIt;

    @GuardedBy("lock")
    private boolean stopWanted;

    @GuardedBy("lock")
    private boolean startAfterStop;

    /// The last stop failed.
    @GuardedBy("lock")
    private boolean stopFailed;

    @GuardedBy("lock")
    private boolean retired;

    @GuardedBy("lock")
    private boolean closed;

    /// Why it gets no builds, as its pool wants it; empty if it gets some.
    @GuardedBy("lock")
    private String withheld = "";

    /// Builds that it has begun since it was off.
    @GuardedBy("lock")
    private int builds;

    @GuardedBy("lock")
    private MachineAddress address;

    /// What starts or stops it now.
    @GuardedBy("lock")
    private @Nullable Thread worker;

    /// What the settings say of the machine.
    ///
    /// @param probe looks whether it answers
    record Goal(OnDemand settings, MachineAddress configured, Startup.Probe probe) {}

    /// An owner of connections to the machine. Called with no lock held.
    interface Listener {
        /// The machine is to be left soon: connections that nobody uses should end.
        void leave();

        /// It stops now, or was found to be off.
        void stops();

        /// It is up, off or starting since just now; see [MachineLifecycle#boot].
        default void bootChanged() {}
    }

    /// @param provider  prints its output to `events`
    /// @param bootTimes what starts of such machines took
    MachineLifecycle(
            String machine,
            MachineProvider provider,
            Goal goal,
            InstantSource clock,
            Startup.Pauses pauses,
            ProviderLog events,
            BootTimes bootTimes) {
        this.machine = machine;
        this.provider = provider;
        this.goal = goal;
        this.clock = clock;
        this.pauses = pauses;
        this.events = events;
        this.bootTimes = bootTimes;
        this.boot = Boot.off(expectedBoot());
        this.since = clock.instant();
        this.idleSince = since;
        this.address = goal.configured();
    }

    String machine() {
        return machine;
    }

    Goal goal() {
        return goal;
    }

    /// From the next start or look on.
    void change(Goal next) {
        goal = next;
    }

    void listen(Listener listener) {
        listeners.add(listener);
    }

    void forget(Listener listener) {
        listeners.remove(listener);
    }

    public LifecycleView view() {
        lock.lock();
        try {
            boolean stopping = stopWanted
                    || retired
                    || (state != State.OFF && !boot.withheld().isEmpty());
            return new LifecycleView(state, since, uses, problem, stopping, boot);
        } finally {
            lock.unlock();
        }
    }

    /// What happened lately, the oldest first.
    public List<LogLine> log() {
        return events.lines();
    }

    /// Whether it is up, and how long it takes until it is. Takes no lock.
    Boot boot() {
        return boot;
    }

    private Duration expectedBoot() {
        return bootTimes.expected(goal.settings().bootTimeout());
    }

    boolean isReady() {
        return view().state() == State.READY;
    }

    /// Whether a use that began now would have to start it.
    boolean isOff() {
        return switch (view().state()) {
            case OFF, FAILED, STOPPING -> true;
            case STARTING, READY -> false;
        };
    }

    // ---- uses

    /// Somebody uses the machine until this is closed. Safe for any thread.
    final class Use implements AutoCloseable {
        private final MachineAddress where;
        private final long start;
        private boolean over;

        private Use(MachineAddress where, long start) {
            this.where = where;
            this.start = start;
        }

        /// Where the machine is reached.
        MachineAddress address() {
            return where;
        }

        /// Differs after each start.
        long start() {
            return start;
        }

        /// A second time does nothing.
        @Override
        public void close() {
            lock.lock();
            try {
                if (over) return;
                over = true;
                leave();
            } finally {
                lock.unlock();
            }
            stopIfDue();
        }
    }

    /// Begins a use. Waits until the machine is ready, and starts it if need be.
    ///
    /// @throws IOException if it cannot be started, or does not answer in time
    Use begin() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            return awaitReady();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private Use awaitReady() throws IOException, InterruptedException {
        boolean begun = false;
        uses++;
        try {
            long before = failures;
            while (state != State.READY) {
                if (closed) throw new IOException("%s is not started, as the dispatcher ends".formatted(machine));
                if (failures != before) throw new IOException(problem.orElse("%s failed".formatted(machine)));
                if (state == State.OFF || state == State.FAILED) start();
                else changed.await();
            }
            begun = true;
            return new Use(address, starts);
        } finally {
            if (!begun) leave();
        }
    }

    @GuardedBy("lock")
    private void leave() {
        uses--;
        idleSince = clock.instant();
    }

    /// The machine could not be reached in a use of it.
    ///
    /// @return whether it is off, or has been started again since, so that it is worth while to begin anew
    boolean isGone(Use use) throws InterruptedException {
        if (asks().orElse(false)) return false;
        wentOff(use.start());
        return true;
    }

    /// Finds out whether a machine that was on has gone off by itself, if its provider can tell.
    void lookWhetherOn() throws InterruptedException {
        long start;
        lock.lock();
        try {
            if (state != State.READY) return;
            start = starts;
        } finally {
            lock.unlock();
        }
        if (!asks().orElse(true)) wentOff(start);
    }

    /// @param start after which it was on; nothing happens if it has been started again since
    private void wentOff(long start) {
        lock.lock();
        try {
            if (starts != start || state != State.READY) return;
            enter(State.OFF);
        } finally {
            lock.unlock();
        }
        note("it was on and cannot be reached any more; it counts as off");
        listeners.forEach(Listener::stops);
        announceBoot();
    }

    // ---- starting

    /// Looks once whether it runs, if that was never done: one that does was started by an earlier dispatcher, or
    /// somebody else, and is ready then, and stopped when idle.
    void lookForIt() {
        lock.lock();
        try {
            if (lookedForIt || closed || state != State.OFF) return;
            lookedForIt = true;
            enter(State.STARTING);
            launch("look at " + machine, () -> bringUp(false));
        } finally {
            lock.unlock();
        }
    }

    /// Starts it if it does not run. Returns at once.
    public void requestStart() {
        lock.lock();
        try {
            stopWanted = false;
            switch (state) {
                case OFF, FAILED -> start();
                case STOPPING -> startAfterStop = true;
                case STARTING, READY -> idleSince = clock.instant();
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void start() {
        if (closed) return;
        lookedForIt = true;
        enter(State.STARTING);
        launch("start of " + machine, () -> bringUp(true));
    }

    @GuardedBy("lock")
    private void launch(String name, Runnable work) {
        worker = Thread.ofVirtual().name(name).start(() -> {
            announceBoot();
            try {
                work.run();
            } finally {
                announceBoot();
            }
        });
    }

    /// To be called after each change of the state, with no lock held.
    private void announceBoot() {
        try {
            listeners.forEach(Listener::bootChanged);
        } catch (RuntimeException e) {
            // No reason not to start or stop it.
            log.atError()
                    .addKeyValue("machine", machine)
                    .setCause(e)
                    .log("bug: a change of a machine could not be announced");
        }
    }

    @GuardedBy("lock")
    private void enter(State next) {
        state = next;
        since = clock.instant();
        if (next == State.OFF) builds = 0;
        boot = bootNow();
        changed.signalAll();
    }

    @GuardedBy("lock")
    private Boot bootNow() {
        var now = switch (state) {
            case READY -> Boot.UP;
            case STARTING -> Boot.starting(expectedBoot(), since);
            case OFF, STOPPING, FAILED -> Boot.off(expectedBoot());
        };
        if (isWorn()) return now.withheld("it has begun its %d builds and is replaced".formatted(builds));
        return withheld.isEmpty() ? now : now.withheld(withheld);
    }

    // ---- as a machine of a pool

    /// Whether it has had all its builds, and is to be a fresh one before it gets more.
    @GuardedBy("lock")
    private boolean isWorn() {
        var most = goal.settings().pool().map(Pool.Member::pool).map(Pool::maxBuilds);
        return most.isPresent()
                && most.get().isPresent()
                && builds >= most.get().getAsInt();
    }

    /// A build begins there.
    void buildBegins() {
        lock.lock();
        try {
            builds++;
        } finally {
            lock.unlock();
        }
        renewBoot();
    }

    /// Has it get no more builds, and stopped when the last use has ended; or ends that. To be called now and then.
    ///
    /// @param why empty if it gets builds
    void withhold(String why) {
        lock.lock();
        try {
            withheld = why;
        } finally {
            lock.unlock();
        }
        renewBoot();
    }

    /// Also as starts of others of its pool have taken some time.
    private void renewBoot() {
        boolean withheldNow;
        lock.lock();
        try {
            var next = bootNow();
            if (next.equals(boot)) return;
            withheldNow = boot.withheld().isEmpty() && !next.withheld().isEmpty();
            boot = next;
        } finally {
            lock.unlock();
        }
        announceBoot();
        // Conversations that are kept for later builds are uses.
        if (withheldNow) listeners.forEach(Listener::leave);
    }

    /// It counts as used at this moment, if it runs.
    void stayOn() {
        lock.lock();
        try {
            idleSince = clock.instant();
        } finally {
            lock.unlock();
        }
    }

    private void bringUp(boolean mayStart) {
        var begun = clock.instant();
        try {
            var now = goal;
            var limit = now.settings().bootTimeout();
            boolean running = asks().orElse(false);
            if (!running) {
                if (!mayStart) {
                    off(Optional.empty());
                    return;
                }
                note("starts by " + now.settings().provider());
                provider.start(limit);
            }
            setMayRun();
            var where = new Startup(machine, provider, now.probe(), clock, pauses)
                    .await(now.configured(), begun.plus(limit), limit);
            var took = Duration.between(begun, clock.instant());
            if (mayStart && !running) bootTimes.add(took);
            ready(where);
            note(mayStart && !running ? "is ready after %d s".formatted(took.toSeconds()) : "was found running");
        } catch (IOException e) {
            startFailed(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            failed("the start of %s was interrupted".formatted(machine));
        } catch (RuntimeException | Error e) {
            failed("bug: the start of %s failed: %s".formatted(machine, e));
            throw e;
        }
        stopIfDue();
    }

    /// Whether it runs; empty if that cannot be found out.
    private Optional<Boolean> asks() throws InterruptedException {
        try {
            return provider.isRunning();
        } catch (IOException e) {
            Interruption.rethrow(e);
            note("cannot tell whether it runs: " + e.getMessage());
            return Optional.empty();
        }
    }

    private void setMayRun() {
        lock.lock();
        try {
            mayRun = true;
        } finally {
            lock.unlock();
        }
    }

    private void ready(MachineAddress where) {
        lock.lock();
        try {
            address = where;
            starts++;
            problem = Optional.empty();
            idleSince = clock.instant();
            enter(State.READY);
        } finally {
            lock.unlock();
        }
    }

    /// A start that failed may have come far enough.
    private void startFailed(String why) {
        try {
            if (asks().orElse(false)) setMayRun();
        } catch (InterruptedException e) {
            // The dispatcher ends.
        }
        failed(why);
    }

    private void failed(String why) {
        lock.lock();
        try {
            failures++;
            problem = Optional.of(why);
            idleSince = clock.instant();
            enter(State.FAILED);
        } finally {
            lock.unlock();
        }
        events.add(why);
        log.atWarn().addKeyValue("machine", machine).addKeyValue("why", why).log("machine could not be started");
    }

    private void note(String what) {
        events.add(what);
        log.atInfo().addKeyValue("machine", machine).log("machine on demand {}", what);
    }

    // ---- stopping

    /// Stops it when nobody uses it: at once, or with the end of the last use. Returns at once.
    ///
    /// @param again whether it is to be started then
    public void requestStop(boolean again) {
        lock.lock();
        try {
            if (state == State.OFF || (state == State.FAILED && !mayRun)) {
                if (again) start();
                return;
            }
            stopWanted = state != State.STOPPING;
            startAfterStop = again;
        } finally {
            lock.unlock();
        }
        listeners.forEach(Listener::leave);
        stopIfDue();
    }

    /// Nobody new comes: it is stopped when the last use has ended.
    void retire() {
        lock.lock();
        try {
            retired = true;
        } finally {
            lock.unlock();
        }
        listeners.forEach(Listener::leave);
        stopIfDue();
    }

    /// Whether it is retired, and neither used nor running.
    boolean isOver() {
        lock.lock();
        try {
            return retired && uses == 0 && (state == State.OFF || (state == State.FAILED && !mayRun));
        } finally {
            lock.unlock();
        }
    }

    /// Stops it if nobody uses it and it is time for that. To be called now and then.
    void stopIfDue() {
        lock.lock();
        try {
            boolean running = state == State.READY || (state == State.FAILED && mayRun);
            if (closed || !running || uses > 0) return;
            if (!isDue()) return;
            var before = state;
            enter(State.STOPPING);
            launch("stop of " + machine, () -> bringDown(before));
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private boolean isDue() {
        var idleAfter = goal.settings().idleAfter();
        // A stop that failed is tried again, but not in a row.
        boolean wanted = (stopWanted || retired || !withheld.isEmpty() || isWorn()) && !stopFailed;
        return wanted || !clock.instant().isBefore(idleSince.plus(idleAfter));
    }

    private void bringDown(State before) {
        try {
            listeners.forEach(Listener::stops);
            note("stops");
            provider.stop(goal.settings().bootTimeout());
            off(Optional.empty());
            note("is off");
        } catch (IOException e) {
            stopFailed(before, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            stopFailed(before, "the stop of %s was interrupted".formatted(machine));
        } catch (RuntimeException | Error e) {
            stopFailed(before, "bug: the stop of %s failed: %s".formatted(machine, e));
            throw e;
        }
    }

    /// One that is off nevertheless counts as stopped.
    private void stopFailed(State before, String why) {
        events.add(why);
        log.atWarn().addKeyValue("machine", machine).addKeyValue("why", why).log("machine could not be stopped");
        boolean running = true;
        try {
            running = asks().orElse(true);
        } catch (InterruptedException e) {
            // The dispatcher ends.
        }
        if (!running) {
            off(Optional.of(why));
            return;
        }
        lock.lock();
        try {
            problem = Optional.of(why);
            stopFailed = true;
            idleSince = clock.instant();
            enter(before);
        } finally {
            lock.unlock();
        }
    }

    private void off(Optional<String> why) {
        lock.lock();
        try {
            problem = why;
            mayRun = false;
            stopWanted = false;
            stopFailed = false;
            enter(State.OFF);
            if (startAfterStop) start();
            startAfterStop = false;
        } finally {
            lock.unlock();
        }
    }

    /// The dispatcher ends. What runs goes on running; what is being started or stopped is interrupted.
    @Override
    public void close() {
        Thread working;
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            if (worker == null) return;
            working = worker;
        } finally {
            lock.unlock();
        }
        working.interrupt();
    }
}
