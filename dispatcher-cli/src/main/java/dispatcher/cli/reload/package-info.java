/// Settings that are read again while the dispatcher runs: what is otherwise, what of it can be put in force, who
/// asks.
@NullMarked
package dispatcher.cli.reload;

import org.jspecify.annotations.NullMarked;
