/// Who builds what, when: one queue behind one lock, fed with facts, asking a policy. Knows no protocol, does no I/O,
/// and has no
/// clock: whoever enters says what time it is.
@NullMarked
package dispatcher.schedule;

import org.jspecify.annotations.NullMarked;
