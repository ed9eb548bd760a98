/// Conversations with stores: they are kept for the next who needs one, and looked after while they are used. What a
/// conversation says, in which protocol and over which connection, does not belong here. Start with `StorePool`, and
/// with `GuardedStore` for what stands around a store.
@NullMarked
package dispatcher.store.conversation;

import org.jspecify.annotations.NullMarked;
