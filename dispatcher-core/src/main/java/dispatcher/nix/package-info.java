/// The values of Nix: store paths, hashes, derivations, path infos, build results. No I/O, no clock, no threads.
@NullMarked
package dispatcher.nix;

import org.jspecify.annotations.NullMarked;
