/// Which build starts where and when: one queue behind one lock, which passes events to the scheduler and its
/// decisions on. It knows no protocol, does no I/O, and has no thread of its own: callers and waiters move it on.
/// Start with [dispatcher.schedule.Scheduler]; its rules are in `schedule.policy`, and what makes it fast is in
/// `schedule.index`.
@NullMarked
package dispatcher.schedule;

import org.jspecify.annotations.NullMarked;
