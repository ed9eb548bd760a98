package dispatcher.session;

import dispatcher.machine.Machine;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;
import org.junit.jupiter.api.Tag;

/// Client in the worker protocol, machines in the serve protocol.
@Tag("slow")
class WorkerToServeFleetTest extends FleetContract {
    @Override
    public ClientProtocol protocol() {
        return ClientProtocol.WORKER;
    }

    @Override
    public FakeMachine fake(Machine machine) {
        return new FakeMachine(machine).overServe();
    }
}
