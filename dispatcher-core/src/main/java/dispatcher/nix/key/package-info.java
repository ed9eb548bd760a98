/// Keys that sign store paths, and their signatures: reading, signing, checking. Which keys are trusted is decided
/// elsewhere. Start with `NixPublicKey`.
@NullMarked
package dispatcher.nix.key;

import org.jspecify.annotations.NullMarked;
