/// What a person at a terminal sees: errors with their next step, tables, colours.
@NullMarked
package dispatcher.cli.terminal;

import org.jspecify.annotations.NullMarked;
