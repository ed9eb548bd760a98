package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// Machines that speak the serve protocol.
@Tag("open")
class LostServeMachineIT extends LostMachineContract {

    LostServeMachineIT() {
        super("ssh");
    }
}
