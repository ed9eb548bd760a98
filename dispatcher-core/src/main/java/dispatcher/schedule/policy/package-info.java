/// Which build is next and where it goes, as pure functions over values, and those values. No queue and no state of a
/// machine belongs here: that is `schedule.index`. Start with [dispatcher.schedule.policy.Turns] for the order, and
/// with [dispatcher.schedule.policy.Placing] and [dispatcher.schedule.policy.Placement] for the machine.
@NullMarked
package dispatcher.schedule.policy;

import org.jspecify.annotations.NullMarked;
