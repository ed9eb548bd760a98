/// `dispatcher drain` and `dispatcher resume`: machines that get no more builds, also over a restart.
///
/// What a machine does is in `dispatcher.cli.machines`. Start with [dispatcher.cli.drain.Drains].
@NullMarked
package dispatcher.cli.drain;

import org.jspecify.annotations.NullMarked;
