/// The state that outlives a restart, in a database: history, locations and drains. SQL is here and nowhere else;
/// what is known in memory, and when it is written down, is with its owners (`History`, `Locations`, `Drains`).
/// Start with [dispatcher.cli.state.StateDatabase].
@NullMarked
package dispatcher.cli.state;

import org.jspecify.annotations.NullMarked;
