package dispatcher.it;

/// By the installed Nix. The question of Nix 2.8 which paths are valid carries its setting `builders-use-substitutes`,
/// and not what `nix copy` was called with; so it sends everything.
class CopyIT extends CopyContract {

    CopyIT() {
        super(NixRelease.INSTALLED, false);
    }
}
