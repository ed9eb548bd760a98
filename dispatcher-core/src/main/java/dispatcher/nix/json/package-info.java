/// JSON as Nix writes it inside derivations and realisations: small texts, read strictly, printed compactly. Knows
/// nothing of Nix's values, which use it.
@NullMarked
package dispatcher.nix.json;

import org.jspecify.annotations.NullMarked;
