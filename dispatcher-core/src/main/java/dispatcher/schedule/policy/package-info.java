/// Who is next and where, as pure functions over values, and the values that both are decided on. No queue and no
/// state of a machine is kept here: that is `schedule.index`. Start reading with
/// [dispatcher.schedule.policy.Turns] for the order and [dispatcher.schedule.policy.Placing] and
/// [dispatcher.schedule.policy.Placement] for the machine.
@NullMarked
package dispatcher.schedule.policy;

import org.jspecify.annotations.NullMarked;
