/// The central abstraction of the dispatcher: stores that know paths, hand out NARs, take them, and build. How a
/// store is reached, kept or checked belongs to the packages below this one and to the protocols. Start with
/// [dispatcher.store.Store].
@NullMarked
package dispatcher.store;

import org.jspecify.annotations.NullMarked;
