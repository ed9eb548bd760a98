package dispatcher.it;

/// A client on another host that speaks the serve protocol.
@NeedsNamespaces
class RemoteServeIT extends BuilderContract {

    RemoteServeIT() {
        super(new Combination(ClientWay.REMOTE_SSH, NixRelease.INSTALLED, false, "ssh-ng", NixRelease.INSTALLED));
    }
}
