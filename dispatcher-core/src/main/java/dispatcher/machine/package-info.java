/// What a machine is: its description from the settings, its address, its health and its load. How it is
/// connected and asked is no matter of this package. Start with `Machine` and `MachineHealth`.
@NullMarked
package dispatcher.machine;

import org.jspecify.annotations.NullMarked;
