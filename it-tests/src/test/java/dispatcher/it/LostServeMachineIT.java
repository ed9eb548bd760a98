package dispatcher.it;

/// Machines that speak the serve protocol.
class LostServeMachineIT extends LostMachineContract {

    LostServeMachineIT() {
        super("ssh");
    }
}
