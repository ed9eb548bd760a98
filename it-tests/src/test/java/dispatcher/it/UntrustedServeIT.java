package dispatcher.it;

/// A client on this host, the serve protocol, which has no trust.
@NeedsNamespaces
class UntrustedServeIT extends UntrustedContract {

    UntrustedServeIT() {
        super(new Combination(ClientWay.LOCAL_SSH, NixRelease.INSTALLED, false, "ssh", NixRelease.INSTALLED));
    }
}
