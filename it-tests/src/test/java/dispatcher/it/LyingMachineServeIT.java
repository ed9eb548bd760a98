package dispatcher.it;

/// Machines in the serve protocol.
class LyingMachineServeIT extends LyingMachineContract {
    LyingMachineServeIT() {
        super("ssh");
    }
}
