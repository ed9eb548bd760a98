/// What starts and stops a machine: commands, systemd, launchd, Wake-on-LAN, and in `machine.provider.qemu` virtual
/// machines. Containers are in the program, which has the library for them.
///
/// When that happens belongs to `machine.demand`. Start with [MachineProvider].
@NullMarked
package dispatcher.machine.provider;

import org.jspecify.annotations.NullMarked;
