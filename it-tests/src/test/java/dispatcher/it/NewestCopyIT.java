package dispatcher.it;

/// The newest client, which asks for substitutes.
@NeedsNewestNix
class NewestCopyIT extends CopyContract {

    NewestCopyIT() {
        super(NixRelease.NEWEST, true);
    }
}
