package dispatcher.it;

/// [GarbageCollectionContract] on a machine that is reached over ssh.
class GarbageCollectionServeIT extends GarbageCollectionContract {

    GarbageCollectionServeIT() {
        super("ssh");
    }
}
