/// NARs that clients uploaded, on the dispatcher's own disk: bounded in size, the least recently used go first.
/// Whether an upload may be believed is decided in `store.verify` and by sessions. Start with `Spool`.
@NullMarked
package dispatcher.store.spool;

import org.jspecify.annotations.NullMarked;
