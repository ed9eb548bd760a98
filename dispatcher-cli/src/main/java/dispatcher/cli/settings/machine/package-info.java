/// What an entry of `machines` may say, and the reader that makes a machine of one.
///
/// Where entries come from (the settings file, a machines file) belongs to `settings.file`. Start with
/// [MachineKeys].
@NullMarked
package dispatcher.cli.settings.machine;

import org.jspecify.annotations.NullMarked;
