/// What the two Nix protocols share, as client and as server: handshakes, checks of answers, and the way in for
/// clients on this host. The protocols themselves are in `protocol.worker` and `protocol.serve`, each with one codec
/// for both of its ends; a server turns requests into calls on a [dispatcher.store.Store]. Start with
/// `ConversationHandler` and `LocalFrontEnd`.
@NullMarked
package dispatcher.protocol;

import org.jspecify.annotations.NullMarked;
