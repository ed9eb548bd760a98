/// Conversations with stores: kept for later callers, and guarded while they are in use. What a conversation says, in
/// which protocol and over which connection, does not belong here. Start with `StorePool`, and with `GuardedStore`
/// for the guards around a store.
@NullMarked
package dispatcher.store.conversation;

import org.jspecify.annotations.NullMarked;
