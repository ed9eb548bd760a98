package dispatcher.schedule.policy;

import dispatcher.machine.Machine;
import dispatcher.machine.MachineHealth;

/// What the scheduler knows of one machine, as it was at one moment; what runs there the scheduler counts itself.
///
/// @param version greater with each change of the machine: of two snapshots, that with the greater one is the later. An
///     owner that hands over its snapshots one after the other may leave it as it is
/// @param drained whether somebody wants it to get no more builds
public record MachineSnapshot(
        long version, Machine machine, MachineFacts facts, MachineHealth health, boolean drained) {

    /// Of a machine of which nothing is known but its description.
    public static MachineSnapshot asConfigured(Machine machine) {
        return new MachineSnapshot(0, machine, MachineFacts.asConfigured(machine), MachineHealth.GOOD, false);
    }

    public String name() {
        return machine.name();
    }

    /// Builds that it may have at once.
    public int slots() {
        return switch (state()) {
            case READY -> machine.maxJobs();
            case ON_TRIAL -> Math.min(1, machine.maxJobs());
            case SET_ASIDE, DRAINED, UNDER_PRESSURE, UNDESCRIBED, REMOVED -> 0;
        };
    }

    /// Never `REMOVED`: there are snapshots of machines that there are. What a person wants comes before what was seen.
    public MachineState state() {
        if (drained) return MachineState.DRAINED;
        if (health.isAside()) return MachineState.SET_ASIDE;
        if (!machine.isDescribed()) return MachineState.UNDESCRIBED;
        if (!objection().isEmpty()) return MachineState.UNDER_PRESSURE;
        return health.isOnTrial() ? MachineState.ON_TRIAL : MachineState.READY;
    }

    /// Why it should get no more builds for now; empty if it may get more.
    public String objection() {
        return facts.objection().isEmpty() ? facts.boot().withheld() : facts.objection();
    }

    /// Whether it was taken before the other one of the same machine.
    public boolean isEarlierThan(MachineSnapshot other) {
        return version < other.version;
    }

    /// Whether both say the same.
    public boolean saysTheSameAs(MachineSnapshot other) {
        return equals(other.withVersion(version));
    }

    public MachineSnapshot withVersion(long newVersion) {
        return new MachineSnapshot(newVersion, machine, facts, health, drained);
    }

    public MachineSnapshot withMachine(Machine newMachine) {
        return new MachineSnapshot(version, newMachine, facts, health, drained);
    }

    public MachineSnapshot withFacts(MachineFacts newFacts) {
        return new MachineSnapshot(version, machine, newFacts, health, drained);
    }

    public MachineSnapshot withHealth(MachineHealth newHealth) {
        return new MachineSnapshot(version, machine, facts, newHealth, drained);
    }

    public MachineSnapshot withDrained(boolean nowDrained) {
        return new MachineSnapshot(version, machine, facts, health, nowDrained);
    }
}
