package dispatcher.it;

/// A newer client on another host, the serve protocol on both sides.
@NeedsNewerNix
class NewerRemoteServeIT extends BuilderContract {

    NewerRemoteServeIT() {
        super(new Combination(ClientWay.REMOTE_SSH, NixRelease.NEWER, true, "ssh", NixRelease.INSTALLED));
    }
}
