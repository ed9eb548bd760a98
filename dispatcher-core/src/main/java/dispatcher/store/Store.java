package dispatcher.store;

/// A conversation with a Nix store: which of these paths do you have, take a NAR, hand one out, build a derivation.
///
/// A machine, the coordinator's own store and the whole fleet are all reached through it, so the code that
/// answers a client needs not know which. Code that needs only a part of it takes that part. A conversation is
/// confined to one thread. What was asked for, added or built through it is not garbage-collected by that store
/// before [#close], as far as the store can promise that.
///
/// Each method blocks. It throws [StoreRefusedException] if the store says no and the conversation can go on;
/// after any other [IOException] the conversation is over.
public interface Store extends StoreReader, StoreWriter, Builder, AutoCloseable {
    /// Ends the conversation; the store may forget its pins.
    @Override
    void close();
}
