/// `dispatcher machine add` and `dispatcher machine remove`: machines that come and go at run time, for good with a
/// file in `machines.d`.
///
/// How their entries are read is in `dispatcher.cli.settings.file`, how they are put in force in
/// `dispatcher.cli.reload`.
/// Start with [dispatcher.cli.join.Joining].
@NullMarked
package dispatcher.cli.join;

import org.jspecify.annotations.NullMarked;
