/// Machines that are started for builds and stopped when idle: when that happens, who uses such a machine, how long
/// its start should take, and pools of them.
///
/// What starts and stops a machine belongs to `machine.provider`. Start with [MachineLifecycle], then
/// [OnDemandTransport], which makes each channel a use of its machine.
@NullMarked
package dispatcher.machine.demand;

import org.jspecify.annotations.NullMarked;
