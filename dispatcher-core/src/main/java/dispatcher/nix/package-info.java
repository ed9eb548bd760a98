/// The values of Nix: store paths, hashes, derivations, path infos, build results. No I/O, clock or thread belongs
/// here; the formats of files are in the packages below. Start with `StorePath`, `BasicDerivation` and `PathInfo`.
@NullMarked
package dispatcher.nix;

import org.jspecify.annotations.NullMarked;
