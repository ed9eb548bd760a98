/// Where the program itself is.
///
/// What lies beside it belongs to those who need it. Start with [dispatcher.cli.release.ProgramJar].
@NullMarked
package dispatcher.cli.release;

import org.jspecify.annotations.NullMarked;
