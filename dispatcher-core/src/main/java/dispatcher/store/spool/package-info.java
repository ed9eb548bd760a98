/// NARs that clients uploaded, on the dispatcher's own disk: bounded in size, least recently used goes first.
@NullMarked
package dispatcher.store.spool;

import org.jspecify.annotations.NullMarked;
