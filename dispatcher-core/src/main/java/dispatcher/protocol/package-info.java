/// Both Nix protocols, client and server: what a client of ours says over a byte stream, and what we say to a
/// machine. Each protocol has one codec for both of its ends, handshake included. The servers turn requests into
/// calls on a [dispatcher.store.Store].
@NullMarked
package dispatcher.protocol;

import org.jspecify.annotations.NullMarked;
