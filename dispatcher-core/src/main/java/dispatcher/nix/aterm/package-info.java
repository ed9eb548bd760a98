/// The text of `.drv` files, and the hashes of derivations, which are hashes of such texts.
@NullMarked
package dispatcher.nix.aterm;

import org.jspecify.annotations.NullMarked;
