/// Reads the settings again while the dispatcher runs: what has changed, which changes can be put in force, and who
/// asks for it. What a setting means belongs to `dispatcher.cli.settings`. Start with
/// [dispatcher.cli.reload.Reloader].
@NullMarked
package dispatcher.cli.reload;

import org.jspecify.annotations.NullMarked;
