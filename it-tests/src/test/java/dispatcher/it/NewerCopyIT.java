package dispatcher.it;

/// By a newer Nix.
@NeedsNewerNix
class NewerCopyIT extends CopyContract {

    NewerCopyIT() {
        super(NixRelease.NEWER, true);
    }
}
