package dispatcher.schedule;

import dispatcher.machine.Machine;
import dispatcher.schedule.policy.Times;

/// A build that holds a slot of a machine. Confined to whoever owns the scheduler.
public final class RunningBuild {
    /// A build that is late is expected to take so much longer, as a part of what it has taken. Of one that has not
    /// been seen before, nothing better is known than that it may be half over.
    private static final double LATE = 0.25;

    private static final double LATE_IF_UNKNOWN = 1;

    private static final double LATE_AT_LEAST = 1;

    final WaitingBuild build;
    final MachineSlots slots;
    final long start;
    final long expectedEnd;
    final double copySeconds;
    boolean ended;

    /// @param copySeconds of the time until then, what it takes to copy its inputs
    RunningBuild(WaitingBuild build, MachineSlots slots, long start, long expectedEnd, double copySeconds) {
        this.build = build;
        this.slots = slots;
        this.start = start;
        this.expectedEnd = expectedEnd;
        this.copySeconds = copySeconds;
    }

    public WaitingBuild build() {
        return build;
    }

    public Machine machine() {
        return slots.machine;
    }

    /// When its slot should be free, as seen at `now`; later than that.
    long endSeenAt(long now) {
        if (expectedEnd > now) return expectedEnd;
        double part = build.isKnown ? LATE : LATE_IF_UNKNOWN;
        double late = (now - start) / Times.SECOND * part;
        return Times.after(now, Math.max(LATE_AT_LEAST, late));
    }
}
