/// What happens in the running dispatcher, as numbered events that others read as they come, and the command `events`.
///
/// What is kept of builds after their end is in `dispatcher.record`, and figures are in `dispatcher.cli.metrics`.
/// Start with [dispatcher.cli.events.EventFeed].
@NullMarked
package dispatcher.cli.events;

import org.jspecify.annotations.NullMarked;
