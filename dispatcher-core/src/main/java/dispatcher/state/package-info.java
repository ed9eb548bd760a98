/// What parts of the core need to keep their knowledge over a restart. How it is written down is not here: each part
/// has an interface of its own for that (`LocationStore`, `HistoryStore`), and the program implements them. Start
/// with [dispatcher.state.Unsaved].
@NullMarked
package dispatcher.state;

import org.jspecify.annotations.NullMarked;
