/// `dispatcher serve`: where the parts of the dispatcher are put together, and reported to the log.
@NullMarked
package dispatcher.cli.serve;

import org.jspecify.annotations.NullMarked;
