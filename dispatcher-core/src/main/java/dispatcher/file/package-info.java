/// Files of our own.
@NullMarked
package dispatcher.file;

import org.jspecify.annotations.NullMarked;
