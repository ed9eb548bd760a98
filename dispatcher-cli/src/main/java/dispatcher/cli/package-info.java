/// The program: its commands, its settings, and the one place where all parts are put together.
@NullMarked
package dispatcher.cli;

import org.jspecify.annotations.NullMarked;
