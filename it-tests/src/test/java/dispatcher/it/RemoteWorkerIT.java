package dispatcher.it;

/// A client on another host, machines that speak the serve protocol.
@NeedsNamespaces
class RemoteWorkerIT extends BuilderContract {

    RemoteWorkerIT() {
        super(new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.INSTALLED, true, "ssh", NixRelease.INSTALLED));
    }
}
