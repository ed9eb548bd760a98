/// Reads machines from Nix's machines format: a line for each machine, with a store's address and columns. Each
/// column is checked for what it can be. Start with `MachinesFile`.
@NullMarked
package dispatcher.machine.file;

import org.jspecify.annotations.NullMarked;
