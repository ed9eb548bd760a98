/// The Nix store of the host that the dispatcher runs on: its daemon, and its files read in place. It is never built
/// in or written to. Start with `HostStore`.
@NullMarked
package dispatcher.store.host;

import org.jspecify.annotations.NullMarked;
