package dispatcher.it;

import org.junit.jupiter.api.Tag;

/// Newer Nix everywhere, the serve protocol to the machines.
@Tag("open")
@NeedsNewerNix
class NewerWorkerIT extends BuilderContract {

    NewerWorkerIT() {
        super(new Combination(ClientWay.LOCAL_SSH_NG, NixRelease.NEWER, true, "ssh", NixRelease.NEWER));
    }
}
