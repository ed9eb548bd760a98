/// Secrets in files that the settings name. Start with [dispatcher.cli.secret.SecretSetting].
@NullMarked
package dispatcher.cli.secret;

import org.jspecify.annotations.NullMarked;
