/// Machines as Lix has them in TOML. What else `machinesFile` may be is read by `dispatcher.machine.file`.
/// Start with [dispatcher.cli.settings.toml.TomlMachines].
@NullMarked
package dispatcher.cli.settings.toml;

import org.jspecify.annotations.NullMarked;
