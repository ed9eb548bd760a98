/// Text of others, made fit to be shown.
@NullMarked
package dispatcher.text;

import org.jspecify.annotations.NullMarked;
