package dispatcher.it;

/// By the installed Nix.
class CopyIT extends CopyContract {

    CopyIT() {
        super(NixRelease.INSTALLED);
    }
}
