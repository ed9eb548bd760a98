/// Who builds what, when: one queue behind one lock, fed with facts, asking a policy. Knows no protocol, does no
/// I/O, and has no thread of its own: whoever enters or waits moves it on.
@NullMarked
package dispatcher.schedule;

import org.jspecify.annotations.NullMarked;
