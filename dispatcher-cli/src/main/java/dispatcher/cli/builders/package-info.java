/// What Nix clients need in their settings: the `builders` entry, and the shim that it names, which only root
/// should be able to change.
@NullMarked
package dispatcher.cli.builders;

import org.jspecify.annotations.NullMarked;
