/// What the value of a key may be: its units, how its text is read and shown, and what an editor is to know of it.
///
/// Which keys there are belongs to `dispatcher.cli.settings`. Start with [Type].
@NullMarked
package dispatcher.cli.settings.value;

import org.jspecify.annotations.NullMarked;
