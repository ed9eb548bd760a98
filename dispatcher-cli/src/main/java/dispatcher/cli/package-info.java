/// The program: its entry point, its log, and what several commands share. Each command is in a package of its own,
/// and `dispatcher.cli.serve` puts the parts of the running dispatcher together. Start with [dispatcher.cli.Main].
@NullMarked
package dispatcher.cli;

import org.jspecify.annotations.NullMarked;
