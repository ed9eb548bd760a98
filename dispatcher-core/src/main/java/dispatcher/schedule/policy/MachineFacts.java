package dispatcher.schedule.policy;

import dispatcher.machine.Boot;
import dispatcher.machine.Machine;
import java.util.List;

/// What was measured of a machine, beside what the settings say of it.
///
/// @param speed     relative to others, above 0: the speed factor as builds have borne it out
/// @param bandwidth bytes per second that go to it, above 0
/// @param objection why it should get no more builds for now, e.g. a full disk; empty if it may get more
/// @param refused   kinds of builds that it has refused; it may have others
/// @param boot      how long it takes until it is up
public record MachineFacts(double speed, double bandwidth, String objection, List<Refused> refused, Boot boot) {
    /// What is assumed before anything was measured.
    public static final double DEFAULT_BANDWIDTH = 100e6;

    public MachineFacts {
        if (!(speed > 0) || Double.isInfinite(speed)) throw new IllegalArgumentException("speed " + speed);
        if (!(bandwidth > 0)) throw new IllegalArgumentException("bandwidth " + bandwidth);
        refused = List.copyOf(refused);
    }

    public static MachineFacts asConfigured(Machine machine) {
        return new MachineFacts(machine.speedFactor(), DEFAULT_BANDWIDTH, "", List.of(), Boot.UP);
    }

    public MachineFacts withSpeed(double newSpeed) {
        return new MachineFacts(newSpeed, bandwidth, objection, refused, boot);
    }

    public MachineFacts withBandwidth(double newBandwidth) {
        return new MachineFacts(speed, newBandwidth, objection, refused, boot);
    }

    public MachineFacts withObjection(String newObjection) {
        return new MachineFacts(speed, bandwidth, newObjection, refused, boot);
    }

    public MachineFacts withRefused(List<Refused> newRefused) {
        return new MachineFacts(speed, bandwidth, objection, newRefused, boot);
    }

    public MachineFacts withBoot(Boot newBoot) {
        return new MachineFacts(speed, bandwidth, objection, refused, newBoot);
    }
}
