/// The dispatcher itself: a store that answers clients from the spool, the host's store and the machines, and builds
/// by
/// scheduling. The life of one build is here: wait for a slot, copy inputs, build, move on if the machine is lost,
/// hand
/// out.
@NullMarked
package dispatcher.dispatch;

import org.jspecify.annotations.NullMarked;
