/// A database of SQLite in the state directory: how it is opened, checked, made, upgraded, set aside, read and
/// changed, whatever tables it has.
///
/// What is in tables belongs to `cli.state`. Start with [Database].
@NullMarked
package dispatcher.cli.state.database;

import org.jspecify.annotations.NullMarked;
