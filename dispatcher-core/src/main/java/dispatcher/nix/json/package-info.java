/// JSON as Nix writes it inside derivations and realisations: trees of Jackson, read strictly, printed compactly.
/// Nothing here knows of Nix's values, which use it. Start with [dispatcher.nix.json.Json].
@NullMarked
package dispatcher.nix.json;

import org.jspecify.annotations.NullMarked;
