/// The one abstraction of the dispatcher: stores that know paths and hand out NARs, take them, and build. How one is
/// reached, kept or checked is a matter of the packages below this one and of the protocols. Start with
/// [dispatcher.store.Store].
@NullMarked
package dispatcher.store;

import org.jspecify.annotations.NullMarked;
