/// The choice of a machine as a pure function over a snapshot of the fleet.
@NullMarked
package dispatcher.schedule.policy;

import org.jspecify.annotations.NullMarked;
