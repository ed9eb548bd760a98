/// `dispatcher builders`: prints the `builders` entry for Nix clients, and checks that only root can change the shim
/// that it names. What clients may do is in the settings. Start with [dispatcher.cli.builders.BuildersCommand].
@NullMarked
package dispatcher.cli.builders;

import org.jspecify.annotations.NullMarked;
