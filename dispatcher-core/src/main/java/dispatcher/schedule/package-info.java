/// Who builds what, when: one queue behind one lock, fed with facts, asking a policy. Knows no protocol, does no
/// I/O, and has no thread of its own: callers and waiters move it on. Start reading with
/// [dispatcher.schedule.Scheduler]; its rules are in `schedule.policy`, what makes it fast is in `schedule.index`.
@NullMarked
package dispatcher.schedule;

import org.jspecify.annotations.NullMarked;
