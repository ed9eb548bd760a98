/// What the commands that ask the running dispatcher have in common: settings, `--json`, and the way to the
/// dispatcher.
///
/// What each command asks and shows is in a package of its own. Start with [dispatcher.cli.command.ApiCommand].
@NullMarked
package dispatcher.cli.command;

import org.jspecify.annotations.NullMarked;
