/// What a person at a terminal sees: errors with their next step, tables, colours. What a command shows is in the
/// package of that command. Start with [dispatcher.cli.terminal.Terminal] and
/// [dispatcher.cli.terminal.ErrorRenderer].
@NullMarked
package dispatcher.cli.terminal;

import org.jspecify.annotations.NullMarked;
