/// `dispatcher init`: from nothing to a dispatcher that builds. It makes settings, a key and the lines for nix.conf,
/// and changes nothing that is there already. What settings mean belongs to `dispatcher.cli.settings`, the look at
/// machines to `dispatcher.cli.ping` and `dispatcher.cli.doctor`. Start with [dispatcher.cli.init.InitCommand].
@NullMarked
package dispatcher.cli.init;

import org.jspecify.annotations.NullMarked;
