/// Text in general: text of others made fit to be shown, and patterns for names. What Nix means by a text belongs to
/// `dispatcher.nix`. Start with [Printable].
@NullMarked
package dispatcher.text;

import org.jspecify.annotations.NullMarked;
