package dispatcher.session;

import dispatcher.machine.Machine;
import dispatcher.nix.BuildResult;
import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import dispatcher.testkit.Machines;
import dispatcher.testkit.NarTree;
import java.io.IOException;

/// What tests of a fleet are made of, whatever protocol its clients and machines speak.
interface FleetParts {
    /// Of an output that is too large to be held here before its client asks for it.
    int LARGE = 1 << 20;

    ClientProtocol protocol();

    /// A machine that speaks the protocol of this test.
    FakeMachine fake(Machine machine);

    TestFleet.Plan plan();

    default FakeMachine machine(String name, int maxJobs, double speed) {
        return fake(Machines.machine(name, maxJobs, speed));
    }

    default FakeMachine machine(String name) {
        return machine(name, 2, 1);
    }

    default TestClient client(TestFleet fleet) throws IOException {
        return fleet.remote(protocol());
    }

    /// The sample of a machine with processors and memory to spare.
    ///
    /// @param disks what it says of its disks, in lines
    static String sample(String disks) {
        return """
                dispatcher-sample 1
                @linux
                /proc/loadavg:0.50 2.10 1.00 3/214 19242
                /proc/meminfo:MemTotal:        8000000 kB
                /proc/meminfo:MemAvailable:    6000000 kB
                /sys/devices/system/cpu/online:0-3
                """ + disks + "@end\n";
    }

    static BuildResult failure(BuildStatus status, String message) {
        return BuildResult.of(status, message);
    }

    static NarTree outputOf(TestFleet.Drv drv, FakeMachine machine) {
        return NarTree.file("out of %s, built on %s".formatted(drv.path(), machine.name()));
    }
}
