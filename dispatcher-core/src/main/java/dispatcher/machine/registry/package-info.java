/// The machines that there are, and the one owner of what is known of each: whether it is usable, drained or set aside
/// and for how long, what speaks against it, what was learned of it, what it refuses, and who brings it back. The
/// scheduler gets each change; slots are counted there, where they are given, and what runs on a machine is no
/// matter of this package. What its connection does is one of `machine.link`. Start with `MachineRegistry`.
@NullMarked
package dispatcher.machine.registry;

import org.jspecify.annotations.NullMarked;
