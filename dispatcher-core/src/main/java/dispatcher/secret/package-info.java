/// Keeping secrets secret.
@NullMarked
package dispatcher.secret;

import org.jspecify.annotations.NullMarked;
