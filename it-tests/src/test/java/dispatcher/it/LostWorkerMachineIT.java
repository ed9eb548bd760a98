package dispatcher.it;

/// Machines that speak the worker protocol.
class LostWorkerMachineIT extends LostMachineContract {

    LostWorkerMachineIT() {
        super("ssh-ng");
    }
}
