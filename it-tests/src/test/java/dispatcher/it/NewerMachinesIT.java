package dispatcher.it;

/// Newer machines than the client.
@NeedsNewerNix
class NewerMachinesIT extends BuilderContract {

    NewerMachinesIT() {
        super(new Combination(ClientWay.LOCAL_SSH_NG, NixRelease.INSTALLED, true, "ssh-ng", NixRelease.NEWER));
    }
}
