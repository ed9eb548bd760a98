/// The Nix store of the host that the dispatcher runs on, read in place.
@NullMarked
package dispatcher.store.host;

import org.jspecify.annotations.NullMarked;
