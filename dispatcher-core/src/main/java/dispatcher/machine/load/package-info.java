/// Measures machines while they build: load, memory, disks, and the memory that each build takes, by a small shell
/// script over the connection to the machine. What follows from a measurement is decided by the scheduler and in
/// `build.failure`. Start with `MachineSampler`.
@NullMarked
package dispatcher.machine.load;

import org.jspecify.annotations.NullMarked;
