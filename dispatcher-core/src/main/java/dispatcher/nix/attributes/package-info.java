/// What a derivation's environment says to a builder: system features, limits, structured attributes, the
/// package's name. Text of any size is read without a tree in memory. Start with `DerivationAttributes`.
@NullMarked
package dispatcher.nix.attributes;

import org.jspecify.annotations.NullMarked;
