package dispatcher.session;

import dispatcher.machine.Machine;
import dispatcher.protocol.ClientProtocol;
import dispatcher.testkit.FakeMachine;

class UnfitMachinesServeTest extends UnfitMachinesContract {
    @Override
    public ClientProtocol protocol() {
        return ClientProtocol.SERVE;
    }

    @Override
    public FakeMachine fake(Machine machine) {
        return new FakeMachine(machine).overServe();
    }
}
