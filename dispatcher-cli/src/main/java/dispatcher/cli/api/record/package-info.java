/// Records of builds, as the API has them.
///
/// What makes them of the recorder's belongs to `cli.records`, as do the commands that show them. Start with
/// [BuildAnswer].
@NullMarked
package dispatcher.cli.api.record;

import org.jspecify.annotations.NullMarked;
