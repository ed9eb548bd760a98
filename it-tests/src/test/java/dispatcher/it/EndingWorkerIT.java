package dispatcher.it;

/// The worker protocol on both sides.
class EndingWorkerIT extends EndingContract {

    EndingWorkerIT() {
        super("ssh-ng", "ssh-ng");
    }
}
