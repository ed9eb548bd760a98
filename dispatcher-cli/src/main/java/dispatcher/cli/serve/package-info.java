/// `dispatcher serve`: creates the parts of the dispatcher, connects them, and writes their events to the log. What a
/// part does belongs to its own package. Start with [dispatcher.cli.serve.Server].
@NullMarked
package dispatcher.cli.serve;

import org.jspecify.annotations.NullMarked;
