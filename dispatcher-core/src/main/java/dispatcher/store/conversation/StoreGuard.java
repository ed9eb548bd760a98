package dispatcher.store.conversation;

import java.io.IOException;

/// Looks after all calls to a store: sets a time to them, say, or notes how they end. One that
/// cares for all calls alike need not change when an operation is added. See [GuardedStore].
public interface StoreGuard {
    /// Has a call made: once, with another sink or other NARs perhaps; or never, if it is answered or refused here.
    ///
    /// @param next makes it
    /// @return its answer
    <T> T around(StoreCall<T> call, Next next) throws IOException, InterruptedException;

    /// The next guard, or the store after the last one.
    interface Next {
        <T> T make(StoreCall<T> call) throws IOException, InterruptedException;
    }
}
