package dispatcher.it;

/// Newer Nix everywhere, the serve protocol to the machines.
@NeedsNewerNix
class NewerWorkerIT extends BuilderContract {

    NewerWorkerIT() {
        super(new Combination(ClientWay.LOCAL_SSH_NG, NixRelease.NEWER, true, "ssh", NixRelease.NEWER));
    }
}
