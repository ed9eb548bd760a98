package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// Machines that speak the worker protocol.
@Tag("open")
class LostWorkerMachineIT extends LostMachineContract {

    LostWorkerMachineIT() {
        super("ssh-ng");
    }
}
