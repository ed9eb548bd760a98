/// Files with secrets: they are read only if no other user can read them. What a secret is used for does not belong
/// here. Start with `SecretFile`.
@NullMarked
package dispatcher.secret;

import org.jspecify.annotations.NullMarked;
