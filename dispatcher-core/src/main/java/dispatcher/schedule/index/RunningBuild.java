package dispatcher.schedule.index;

import dispatcher.machine.Machine;
import dispatcher.schedule.policy.Lateness;

/// A build that holds a slot of a machine. Confined to the owner of the scheduler.
public final class RunningBuild {
    private final WaitingBuild build;
    private final Machine machine;
    private final long start;
    private final long begin;
    private final long expectedEnd;
    private final double copySeconds;
    private boolean hasEnded;

    /// @param machine     as it is when the build begins
    /// @param begin       when the machine should be up: `start`, unless it has to be started
    /// @param copySeconds of the time until the expected end, what it takes to copy its inputs
    public RunningBuild(
            WaitingBuild build, Machine machine, long start, long begin, long expectedEnd, double copySeconds) {
        this.build = build;
        this.machine = machine;
        this.start = start;
        this.begin = begin;
        this.expectedEnd = expectedEnd;
        this.copySeconds = copySeconds;
    }

    public WaitingBuild build() {
        return build;
    }

    public Machine machine() {
        return machine;
    }

    /// When it got the slot.
    public long start() {
        return start;
    }

    long begin() {
        return begin;
    }

    public long expectedEnd() {
        return expectedEnd;
    }

    double copySeconds() {
        return copySeconds;
    }

    public boolean hasEnded() {
        return hasEnded;
    }

    public void end() {
        hasEnded = true;
    }

    /// When its slot should be free, as seen at `now`; later than that.
    long endSeenAt(long now) {
        return expectedEnd > now ? expectedEnd : Lateness.end(Math.min(begin, now), build.isKnown(), now);
    }
}
