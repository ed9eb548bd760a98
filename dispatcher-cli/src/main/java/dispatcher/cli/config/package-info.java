/// `dispatcher config`: what can be said of settings without a running dispatcher.
///
/// What the settings are belongs to `dispatcher.cli.settings`; putting new ones in force to `dispatcher.cli.reload`.
/// Start with [ConfigCommand].
@NullMarked
package dispatcher.cli.config;

import org.jspecify.annotations.NullMarked;
