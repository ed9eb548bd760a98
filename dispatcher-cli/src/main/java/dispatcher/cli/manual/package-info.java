/// What the program says of its own commands for other programs: man pages, and completion for shells. `--help` is
/// picocli's, and each command's words are with that command. Start with [dispatcher.cli.manual.ManPage].
@NullMarked
package dispatcher.cli.manual;

import org.jspecify.annotations.NullMarked;
