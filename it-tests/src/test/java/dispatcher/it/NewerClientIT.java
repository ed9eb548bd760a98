package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// A newer client than the machines.
@Tag("open")
@NeedsNewerNix
class NewerClientIT extends BuilderContract {

    NewerClientIT() {
        super(new Combination(ClientWay.REMOTE_SSH_NG, NixRelease.NEWER, false, "ssh-ng", NixRelease.INSTALLED));
    }
}
