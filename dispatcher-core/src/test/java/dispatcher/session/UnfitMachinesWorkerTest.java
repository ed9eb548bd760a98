package dispatcher.session;

import dispatcher.machine.Machine;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;

class UnfitMachinesWorkerTest extends UnfitMachinesContract {
    @Override
    public ClientProtocol protocol() {
        return ClientProtocol.WORKER;
    }

    @Override
    public FakeMachine fake(Machine machine) {
        return new FakeMachine(machine);
    }
}
