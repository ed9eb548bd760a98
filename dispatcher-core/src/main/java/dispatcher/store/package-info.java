/// The one abstraction of the dispatcher: a [dispatcher.store.Store] that knows paths, takes and hands out NARs and
/// builds.
@NullMarked
package dispatcher.store;

import org.jspecify.annotations.NullMarked;
