/// Asks a machine what it is, in one small conversation over its connection, and reads the answer strictly.
/// What follows from the answer, and when to ask, does not belong here. Start with `Probe`.
@NullMarked
package dispatcher.machine.probe;

import org.jspecify.annotations.NullMarked;
