/// What people and editors read of the table of settings: the example file, the reference, and a JSON schema.
///
/// The table itself, and what reads a settings file, belong to `dispatcher.cli.settings`. Start with [ExampleFile].
@NullMarked
package dispatcher.cli.settings.document;

import org.jspecify.annotations.NullMarked;
