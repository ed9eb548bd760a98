/// What a machine is: its description from the settings, its address, its health and its load. How it is connected
/// and measured does not belong here. Start with `Machine` and `MachineHealth`.
@NullMarked
package dispatcher.machine;

import org.jspecify.annotations.NullMarked;
