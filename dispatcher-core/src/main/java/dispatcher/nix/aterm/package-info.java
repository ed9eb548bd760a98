/// The text of `.drv` files, and the hashes of derivations, which are hashes of such texts. Derivations as values are
/// in `dispatcher.nix`. Start with `DerivationParser` and `DerivationHash`.
@NullMarked
package dispatcher.nix.aterm;

import org.jspecify.annotations.NullMarked;
