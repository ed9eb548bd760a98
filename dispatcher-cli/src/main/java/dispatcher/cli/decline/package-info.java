/// When Nix on the dispatcher's own host is to build itself, and not here.
///
/// What refuses its connections is the front end for local clients; the keys are in `dispatcher.cli.settings.file`.
/// Start with [dispatcher.cli.decline.Decline].
@NullMarked
package dispatcher.cli.decline;

import org.jspecify.annotations.NullMarked;
