/// The settings file: the table of all its keys, and what finds it, reads it strictly, reports all its faults at once
/// and binds it to values.
///
/// What one machine says belongs to `settings.machine`. Start with [SettingsTable] for what there is, and with
/// [SettingsReader] for how it is read.
@NullMarked
package dispatcher.cli.settings.file;

import org.jspecify.annotations.NullMarked;
