package dispatcher.session;

import static dispatcher.session.TestFleet.drv;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dispatcher.machine.Machine;
import dispatcher.nix.BuildStatus;
import dispatcher.protocol.ClientProtocol;
import dispatcher.store.StoreRefusedException;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeMachine;
import org.junit.jupiter.api.Test;

/// Client and machines speak the worker protocol, in which a request can be refused and the next one made.
class WorkerFleetTest extends FleetContract {
    @Override
    public ClientProtocol protocol() {
        return ClientProtocol.WORKER;
    }

    @Override
    public FakeMachine fake(Machine machine) {
        return new FakeMachine(machine);
    }

    @Test
    void outputWhoseMachineWentAwayIsRefusedAndTheConnectionGoesOn() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            a.die("off");

            assertThatThrownBy(() -> client.fetch(x.out()))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("cannot hand out")
                    .hasMessageContaining("from a");
            a.restart();
            Await.until("a is back", () -> fleet.events().all().contains("back a"));
            assertThat(client.build(x).status()).isEqualTo(BuildStatus.ALREADY_VALID);
            client.fetch(x.out());
        }
    }

    @Test
    void outputThatItsMachineDeniesIsRefusedAndTheConnectionGoesOn() throws Exception {
        var a = machine("a").padding(LARGE);
        try (var fleet = plan().start(a)) {
            var client = client(fleet);
            var x = drv("x");
            client.build(x);
            a.store().refusing(x.out(), "the disk is on fire");

            assertThatThrownBy(() -> client.fetch(x.out()))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("the disk is on fire");
            assertThat(client.build(drv("y")).status()).isEqualTo(BuildStatus.BUILT);
        }
    }
}
