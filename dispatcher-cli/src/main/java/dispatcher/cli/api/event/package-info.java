/// What the API says of events, one line of JSON each.
///
/// Where they come from is in `dispatcher.cli.events`. Start with [dispatcher.cli.api.event.FleetEvent].
@NullMarked
package dispatcher.cli.api.event;

import org.jspecify.annotations.NullMarked;
