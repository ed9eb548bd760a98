/// The machines that there are, as everybody else sees them: which are usable, which are set aside and for how long,
/// what they refuse, and who brings them back. What is built on a machine is no matter of this package, and what its
/// connection does is one of `machine.link`. Start with `MachineRegistry`.
@NullMarked
package dispatcher.machine.registry;

import org.jspecify.annotations.NullMarked;
