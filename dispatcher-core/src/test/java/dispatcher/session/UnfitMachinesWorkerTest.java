package dispatcher.session;

import dispatcher.machine.Machine;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;

class UnfitMachinesWorkerTest extends UnfitMachinesContract {
    @Override
    ClientProtocol protocol() {
        return ClientProtocol.WORKER;
    }

    @Override
    FakeMachine fake(Machine machine) {
        return new FakeMachine(machine);
    }
}
