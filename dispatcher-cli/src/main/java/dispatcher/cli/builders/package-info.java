/// What Nix clients are told about us: the `builders` entry, and the shim that it names, which only root should
/// be able to change.
@NullMarked
package dispatcher.cli.builders;

import org.jspecify.annotations.NullMarked;
