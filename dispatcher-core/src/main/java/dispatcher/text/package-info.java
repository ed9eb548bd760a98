/// Text in general: text of others made fit to be shown, patterns for names, and what somebody meant to write. What Nix
/// means by a text belongs to `dispatcher.nix`. Start with [Printable].
@NullMarked
package dispatcher.text;

import org.jspecify.annotations.NullMarked;
