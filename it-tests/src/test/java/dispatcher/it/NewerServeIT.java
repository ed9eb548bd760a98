package dispatcher.it;

/// Newer Nix everywhere, the serve protocol from the client.
@NeedsNewerNix
class NewerServeIT extends BuilderContract {

    NewerServeIT() {
        super(new Combination(ClientWay.LOCAL_SSH, NixRelease.NEWER, false, "ssh-ng", NixRelease.NEWER));
    }
}
