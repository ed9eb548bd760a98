package dispatcher.machine.demand;

import dispatcher.machine.Boot;
import dispatcher.machine.OnDemand;
import dispatcher.machine.demand.LifecycleView.State;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Optional;

/// Whether one machine on demand is on, who uses it, and what is wanted of it: what [MachineLifecycle] knows under its
/// lock. Runs nothing and waits for nothing. Not safe for several threads.
final class PowerState {
    private final InstantSource clock;
    private State state = State.OFF;
    private Instant since;
    private int uses;
    private Instant idleSince;
    private long starts;
    private long failures;
    private Optional<String> problem = Optional.empty();
    private boolean mayRun;
    private boolean lookedForIt;
    private boolean stopWanted;
    private boolean startAfterStop;
    private boolean looking;
    private boolean startAfterLook;
    private boolean stopFailed;
    private boolean retired;
    private boolean closed;

    PowerState(InstantSource clock) {
        this.clock = clock;
        this.since = clock.instant();
        this.idleSince = since;
    }

    /// @param boot of the same state
    LifecycleView view(Boot boot) {
        boolean stopping =
                stopWanted || retired || (state != State.OFF && !boot.withheld().isEmpty());
        return new LifecycleView(state, since, uses, problem, stopping, boot);
    }

    State state() {
        return state;
    }

    /// When it came into that state.
    Instant since() {
        return since;
    }

    void enter(State next) {
        state = next;
        since = clock.instant();
    }

    /// Off, as far as anybody knows: a start is the next thing that can happen.
    boolean isDown() {
        return state == State.OFF || state == State.FAILED;
    }

    // ---- uses

    void join() {
        uses++;
    }

    void leave() {
        uses--;
        idleSince = clock.instant();
    }

    /// It counts as used at this moment, if it runs.
    void stayOn() {
        idleSince = clock.instant();
    }

    /// How often it has become ready.
    long starts() {
        return starts;
    }

    /// How often it could not be started.
    long failures() {
        return failures;
    }

    /// Why the last start failed.
    String failure(String machine) {
        return problem.orElse("%s failed".formatted(machine));
    }

    /// Whether that start is the last one, and the machine is taken to run since.
    boolean isReadySince(long start) {
        return starts == start && state == State.READY;
    }

    // ---- starting

    boolean mustLook() {
        return !lookedForIt && !closed && state == State.OFF;
    }

    /// It is being started.
    void begin() {
        beginLook();
        looking = false;
    }

    /// Whether it runs is being found out.
    void beginLook() {
        lookedForIt = true;
        looking = true;
        enter(State.STARTING);
    }

    /// Somebody wants it on.
    ///
    /// @return whether it has to be started now
    boolean wantOn() {
        stopWanted = false;
        switch (state) {
            case OFF, FAILED -> {
                return true;
            }
            case STOPPING -> startAfterStop = true;
            case STARTING -> startAfterLook = looking;
            case READY -> idleSince = clock.instant();
        }
        return false;
    }

    /// One that could not be started may run nevertheless.
    void setMayRun() {
        mayRun = true;
    }

    void ready() {
        starts++;
        startAfterLook = false;
        problem = Optional.empty();
        idleSince = clock.instant();
        enter(State.READY);
    }

    void failed(String why) {
        failures++;
        startAfterLook = false;
        problem = Optional.of(why);
        idleSince = clock.instant();
        enter(State.FAILED);
    }

    // ---- stopping

    /// Somebody wants it off when nobody uses it.
    ///
    /// @param again whether it is to be started then
    /// @return whether it is off already
    boolean wantOff(boolean again) {
        if (isSurelyOff()) return true;
        stopWanted = state != State.STOPPING;
        startAfterStop = again;
        startAfterLook = false;
        return false;
    }

    void retire() {
        retired = true;
    }

    /// Whether it is retired, and neither used nor running.
    boolean isOver() {
        return retired && uses == 0 && isSurelyOff();
    }

    private boolean isSurelyOff() {
        return state == State.OFF || (state == State.FAILED && !mayRun);
    }

    /// Whether it runs, nobody uses it, and it is time to stop it.
    ///
    /// @param isReplaced whether it gets no more builds, as a machine of a pool
    boolean isStopDue(OnDemand settings, ZoneId zone, boolean isReplaced) {
        boolean running = state == State.READY || (state == State.FAILED && mayRun);
        if (closed || !running || uses > 0) return false;
        // A stop that failed is tried again, but not in a row.
        if ((stopWanted || retired || isReplaced) && !stopFailed) return true;
        var now = clock.instant();
        boolean wanted = state == State.READY && !retired && !stopWanted && !isReplaced;
        if (wanted && settings.kept().filter(it -> it.cover(now, zone)).isPresent()) return false;
        return !now.isBefore(idleSince.plus(settings.idleAfter()));
    }

    /// It could not be stopped, and is as before.
    void stopFailed(State before, String why) {
        problem = Optional.of(why);
        stopFailed = true;
        idleSince = clock.instant();
        enter(before);
    }

    /// It is off.
    ///
    /// @param why something went wrong nevertheless
    /// @return whether it is to be started again
    boolean off(Optional<String> why) {
        problem = why;
        mayRun = false;
        stopWanted = false;
        stopFailed = false;
        enter(State.OFF);
        boolean again = startAfterStop || startAfterLook;
        startAfterStop = false;
        startAfterLook = false;
        return again;
    }

    // ---- the end

    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }
}
