/// Measures machines while they build: load, memory, disks, and the memory that each build takes. A small shell
/// script runs over the connection to the machine. Start with `MachineSampler`.
@NullMarked
package dispatcher.machine.load;

import org.jspecify.annotations.NullMarked;
