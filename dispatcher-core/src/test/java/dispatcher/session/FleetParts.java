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

    static BuildResult failure(BuildStatus status, String message) {
        return BuildResult.of(status, message);
    }

    static NarTree outputOf(TestFleet.Drv drv, FakeMachine machine) {
        return NarTree.file("out of %s, built on %s".formatted(drv.path(), machine.name()));
    }
}
