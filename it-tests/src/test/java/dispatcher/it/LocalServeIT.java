package dispatcher.it;

/// Nothing but the serve protocol, the client behind a daemon.
@NeedsNamespaces
class LocalServeIT extends BuilderContract {

    LocalServeIT() {
        super(new Combination(ClientWay.LOCAL_SSH, NixRelease.INSTALLED, true, "ssh", NixRelease.INSTALLED));
    }
}
