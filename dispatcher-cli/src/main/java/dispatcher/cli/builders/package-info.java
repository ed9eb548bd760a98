/// What Nix clients are told about us: the `builders` entry, and the shim that it names.
@NullMarked
package dispatcher.cli.builders;

import org.jspecify.annotations.NullMarked;
