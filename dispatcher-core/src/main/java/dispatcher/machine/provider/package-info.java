/// Machines that are started before builds and stopped when idle: what starts and stops them (`MachineProvider`), and
/// when that happens (`MachineLifecycle`). How a machine is talked to, and which machine gets a build, is not decided
/// here. Start with `MachineLifecycle` and `OnDemandTransport`.
@NullMarked
package dispatcher.machine.provider;

import org.jspecify.annotations.NullMarked;
