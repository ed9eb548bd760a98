package dispatcher.it;

/// A newer client than the machines.
@NeedsNewerNix
class NewerClientIT extends BuilderContract {

    NewerClientIT() {
        super(new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.NEWER, false, "ssh-ng", NixRelease.INSTALLED));
    }
}
