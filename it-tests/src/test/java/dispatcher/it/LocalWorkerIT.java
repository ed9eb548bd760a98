package dispatcher.it;

/// Nothing but the worker protocol, and the installed Nix.
@NeedsNamespaces
class LocalWorkerIT extends BuilderContract {

    LocalWorkerIT() {
        super(new Combination(ClientWay.LOCAL_SSH_NG, NixRelease.INSTALLED, false, "ssh-ng", NixRelease.INSTALLED));
    }
}
