/// Machines that connect to us: what runs there to do so. How their connections are used is in `ssh.tunnel`; which keys
/// they have, in the settings. Start with [dispatcher.cli.dialin.MachineUnitCommand].
@NullMarked
package dispatcher.cli.dialin;

import org.jspecify.annotations.NullMarked;
