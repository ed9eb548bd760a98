/// What an operator asks and tells the running dispatcher about its machines and its queue, and the commands for it.
@NullMarked
package dispatcher.cli.fleet;

import org.jspecify.annotations.NullMarked;
