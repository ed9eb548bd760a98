package dispatcher.it;

/// Machines in the worker protocol.
class LyingMachineWorkerIT extends LyingMachineContract {
    LyingMachineWorkerIT() {
        super("ssh-ng");
    }
}
