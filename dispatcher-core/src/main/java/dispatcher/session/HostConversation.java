package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.event.DispatcherListener;
import dispatcher.protocol.Failures;
import dispatcher.store.Store;
import dispatcher.store.StoreRefusedException;
import dispatcher.store.conversation.StorePool;
import dispatcher.thread.Interruption;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One client's conversation with the host's own store. It begins with the first question, and anew if it breaks;
/// if that fails too, the store counts as broken, and is asked nothing more for this client.
///
/// Confined to the session's thread.
final class HostConversation {
    private final Optional<StorePool> hostStore;
    private final ClientIdentity client;
    private final DispatcherListener listener;
    private StorePool.@Nullable Lease lease;
    private boolean failed;

    /// Whether the host's NARs are hashed here too on their way to machines, since one of those did not take what
    /// it got.
    private boolean checksNars;

    HostConversation(Optional<StorePool> hostStore, ClientIdentity client, DispatcherListener listener) {
        this.hostStore = hostStore;
        this.client = client;
        this.listener = listener;
    }

    /// Empty if the client is not on this host, or the host's store cannot be asked.
    <T> Optional<T> ask(StorePool.Question<T> question) throws IOException, InterruptedException {
        if (failed || !client.local() || hostStore.isEmpty()) return Optional.empty();
        var pool = hostStore.get();
        try {
            if (lease != null) {
                try {
                    return Optional.of(question.ask(lease));
                } catch (StoreRefusedException e) {
                    throw e;
                } catch (IOException e) {
                    Interruption.rethrow(e);
                    drop();
                    pool.dropIdle();
                }
            }
            var opened = pool.lease(question);
            lease = opened.lease();
            return Optional.of(opened.answer());
        } catch (StoreRefusedException e) {
            throw e;
        } catch (IOException e) {
            Interruption.rethrow(e);
            failed = true;
            listener.hostStoreFailed(Failures.describe(e));
            return Optional.empty();
        }
    }

    /// For requests to the store in this conversation; empty if none can be opened.
    Optional<Store> store() throws IOException, InterruptedException {
        return ask(StorePool.Lease::store);
    }

    boolean checksNars() {
        return checksNars;
    }

    /// Finds out what is at fault; from now on only the daemon reads the host's store.
    void notTaken() {
        checksNars = true;
    }

    /// Ends it if a request broke off in the middle.
    void dropBrokenOff() {
        if (lease != null && lease.isBrokenOff()) drop();
    }

    private void drop() {
        if (lease != null) lease.drop();
        lease = null;
    }

    void release() {
        if (lease != null) lease.release();
        lease = null;
    }
}
