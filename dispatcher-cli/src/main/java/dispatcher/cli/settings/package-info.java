/// What can be set, and what was set: the rows of the table of settings ([Row]), the values of a settings file
/// ([Settings]), and the [Section] of a document that binds one to the other.
///
/// The keys of machines and their reader belong to `settings.machine`, all others and the file as a whole to
/// `settings.file`; the types of single values to `settings.value`, YAML and its lines to `settings.yaml`, and what
/// is printed of the table to `settings.document`. Start with [Key].
@NullMarked
package dispatcher.cli.settings;

import org.jspecify.annotations.NullMarked;
