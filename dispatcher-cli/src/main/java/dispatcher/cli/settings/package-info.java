/// The settings file: the table of its keys, and what finds it, reads it strictly, reports all its faults at once
/// and binds it to values.
///
/// The types of single values belong to `settings.value`, YAML and its lines to `settings.yaml`, and what is
/// printed of the table to `settings.document`. Start with [SettingsTable] for what there is, and with
/// [SettingsReader] for how it is read.
@NullMarked
package dispatcher.cli.settings;

import org.jspecify.annotations.NullMarked;
