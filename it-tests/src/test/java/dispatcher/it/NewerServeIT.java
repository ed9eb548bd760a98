package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// Newer Nix everywhere, the serve protocol from the client.
@Tag("open")
@NeedsNewerNix
class NewerServeIT extends BuilderContract {

    NewerServeIT() {
        super(new Combination(ClientWay.LOCAL_SSH, NixRelease.NEWER, false, "ssh-ng", NixRelease.NEWER));
    }
}
