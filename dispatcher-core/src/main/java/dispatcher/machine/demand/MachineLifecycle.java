package dispatcher.machine.demand;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dispatcher.machine.Boot;
import dispatcher.machine.MachineAddress;
import dispatcher.machine.MachineSize;
import dispatcher.machine.OnDemand;
import dispatcher.machine.Pool;
import dispatcher.machine.demand.LifecycleView.State;
import dispatcher.machine.provider.MachineProvider;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// When one machine is started and stopped. It is started once for all who wait for it, on a thread of its own, and
/// is ready when it has answered. It is stopped when nobody has used it for long, or somebody asked for that and the
/// last use has ended; never while it is used. A use that begins while it stops waits for that, and starts it again.
///
/// Safe for any thread. The lock is never held while the provider runs, the machine is talked to or a listener is
/// called.
public final class MachineLifecycle implements AutoCloseable {
    private final String machine;
    private final InstantSource clock;
    private final PowerSwitch onOff;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final BootTimes bootTimes;
    private volatile Goal goal;

    /// Of the state.
    private volatile Boot boot;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final PowerState power;

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
        this.onOff = new PowerSwitch(machine, provider, clock, pauses, events);
        this.goal = goal;
        this.clock = clock;
        this.bootTimes = bootTimes;
        this.power = new PowerState(clock);
        this.boot = Boot.off(expectedBoot());
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
            return power.view(boot);
        } finally {
            lock.unlock();
        }
    }

    /// What happened lately, the oldest first.
    public List<LogLine> log() {
        return onOff.events().lines();
    }

    /// What the machine itself printed last, the oldest line first. Asks what starts it, which may take a while.
    public List<String> tail(int lines) throws InterruptedException {
        return onOff.tail(lines);
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
                power.leave();
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
        power.join();
        try {
            long before = power.failures();
            while (power.state() != State.READY) {
                if (power.isClosed())
                    throw new IOException("%s is not started, as the dispatcher ends".formatted(machine));
                if (power.failures() != before) throw new IOException(power.failure(machine));
                if (power.isDown()) start();
                else changed.await();
            }
            begun = true;
            return new Use(address, power.starts());
        } finally {
            if (!begun) power.leave();
        }
    }

    /// The machine could not be reached in a use of it.
    ///
    /// @return whether it is off, or has been started again since, so that it is worth while to begin anew
    boolean isGone(Use use) throws InterruptedException {
        if (onOff.isOn().orElse(false)) return false;
        wentOff(use.start());
        return true;
    }

    /// Finds out whether a machine that was on has gone off by itself, if its provider can tell.
    void lookWhetherOn() throws InterruptedException {
        long start;
        lock.lock();
        try {
            if (power.state() != State.READY) return;
            start = power.starts();
        } finally {
            lock.unlock();
        }
        if (!onOff.isOn().orElse(true)) wentOff(start);
    }

    /// @param start after which it was on; nothing happens if it has been started again since
    private void wentOff(long start) {
        lock.lock();
        try {
            if (!power.isReadySince(start)) return;
            enter(State.OFF);
        } finally {
            lock.unlock();
        }
        onOff.note("it was on and cannot be reached any more; it counts as off");
        listeners.forEach(Listener::stops);
        announceBoot();
    }

    // ---- starting

    /// Looks once whether it runs, if that was never done: one that does was started by an earlier dispatcher, or
    /// somebody else, and is ready then, and stopped when idle.
    void lookForIt() {
        lock.lock();
        try {
            if (!power.mustLook()) return;
            power.beginLook();
            stateChanged();
            launch("look at " + machine, () -> bringUp(false));
        } finally {
            lock.unlock();
        }
    }

    /// Starts it if it does not run. Returns at once.
    public void requestStart() {
        lock.lock();
        try {
            if (power.wantOn()) start();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void start() {
        if (power.isClosed()) return;
        power.begin();
        stateChanged();
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
            onOff.report("a change of a machine could not be announced", e);
        }
    }

    @GuardedBy("lock")
    private void enter(State next) {
        power.enter(next);
        stateChanged();
    }

    @GuardedBy("lock")
    private void stateChanged() {
        if (power.state() == State.OFF) builds = 0;
        boot = bootNow();
        changed.signalAll();
    }

    @GuardedBy("lock")
    private Boot bootNow() {
        var now = switch (power.state()) {
            case READY -> Boot.UP;
            case STARTING -> Boot.starting(expectedBoot(), power.since());
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
            power.stayOn();
        } finally {
            lock.unlock();
        }
    }

    private void bringUp(boolean mayStart) {
        var begun = clock.instant();
        try {
            var now = goal;
            boolean running = onOff.isOn().orElse(false);
            if (!running) {
                if (!mayStart) {
                    off(Optional.empty());
                    return;
                }
                onOff.turnOn(now.settings());
            }
            setMayRun();
            var where = onOff.await(
                    now.probe(), now.configured(), begun, now.settings().bootTimeout(), !running);
            var took = Duration.between(begun, clock.instant());
            if (mayStart && !running) bootTimes.add(took);
            ready(where);
            onOff.note(mayStart && !running ? "is ready after %d s".formatted(took.toSeconds()) : "was found running");
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

    private void setMayRun() {
        lock.lock();
        try {
            power.setMayRun();
        } finally {
            lock.unlock();
        }
    }

    private void ready(MachineAddress where) {
        lock.lock();
        try {
            address = where;
            power.ready();
            stateChanged();
        } finally {
            lock.unlock();
        }
    }

    /// A start that failed may have come far enough.
    private void startFailed(String why) {
        try {
            if (onOff.isOn().orElse(false)) setMayRun();
        } catch (InterruptedException e) {
            // The dispatcher ends.
        }
        failed(why);
    }

    private void failed(String why) {
        lock.lock();
        try {
            power.failed(why);
            stateChanged();
        } finally {
            lock.unlock();
        }
        onOff.complain("machine could not be started", why);
    }

    // ---- stopping

    /// Stops it when nobody uses it: at once, or with the end of the last use. Returns at once.
    ///
    /// @param again whether it is to be started then
    public void requestStop(boolean again) {
        lock.lock();
        try {
            if (power.wantOff(again)) {
                if (again) start();
                return;
            }
        } finally {
            lock.unlock();
        }
        listeners.forEach(Listener::leave);
        stopIfDue();
    }

    /// Gives it another size: when its last use has ended, if it runs; else with its next start.
    ///
    /// @throws IOException if it cannot have that size
    public void resize(MachineSize size) throws IOException, InterruptedException {
        onOff.resize(size);
        if (!isOff()) requestStop(true);
    }

    /// Nobody new comes: it is stopped when the last use has ended.
    void retire() {
        lock.lock();
        try {
            power.retire();
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
            return power.isOver();
        } finally {
            lock.unlock();
        }
    }

    /// Stops it if nobody uses it and it is time for that. To be called now and then.
    void stopIfDue() {
        lock.lock();
        try {
            boolean isReplaced = !withheld.isEmpty() || isWorn();
            if (!power.isStopDue(goal.settings(), ZoneId.systemDefault(), isReplaced)) return;
            var before = power.state();
            enter(State.STOPPING);
            launch("stop of " + machine, () -> bringDown(before));
        } finally {
            lock.unlock();
        }
    }

    private void bringDown(State before) {
        try {
            listeners.forEach(Listener::stops);
            onOff.turnOff(goal.settings().bootTimeout());
            off(Optional.empty());
            onOff.note("is off");
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
        onOff.complain("machine could not be stopped", why);
        boolean running = true;
        try {
            running = onOff.isOn().orElse(true);
        } catch (InterruptedException e) {
            // The dispatcher ends.
        }
        if (!running) {
            off(Optional.of(why));
            return;
        }
        lock.lock();
        try {
            power.stopFailed(before, why);
            stateChanged();
        } finally {
            lock.unlock();
        }
    }

    private void off(Optional<String> why) {
        lock.lock();
        try {
            boolean again = power.off(why);
            stateChanged();
            if (again) start();
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
            power.close();
            stateChanged();
            if (worker == null) return;
            working = worker;
        } finally {
            lock.unlock();
        }
        working.interrupt();
    }
}
