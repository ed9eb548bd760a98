package dispatcher.dispatch;

import dispatcher.fleet.Machine;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;

/// Client in the serve protocol, machines in the worker protocol.
class ServeToWorkerFleetTest extends FleetContract {
    @Override
    ClientProtocol protocol() {
        return ClientProtocol.SERVE;
    }

    @Override
    FakeMachine fake(Machine machine) {
        return new FakeMachine(machine);
    }
}
