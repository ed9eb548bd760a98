package dispatcher.it;

/// [GarbageCollectionContract] on a machine that is reached over ssh-ng.
class GarbageCollectionIT extends GarbageCollectionContract {

    GarbageCollectionIT() {
        super("ssh-ng");
    }
}
