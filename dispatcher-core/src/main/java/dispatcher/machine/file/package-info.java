/// Reads machines from Nix's machines format: a line for each machine, with a store's address and columns. Each
/// column is checked; other formats, and which machines are used, do not belong here. Start with `MachinesFile`.
@NullMarked
package dispatcher.machine.file;

import org.jspecify.annotations.NullMarked;
