/// The pages about what is there now: overview, machines, one machine, the queue, and builds that run.
///
/// What was is not here. Start with [dispatcher.cli.web.fleet.FleetPages].
@NullMarked
package dispatcher.cli.web.fleet;

import org.jspecify.annotations.NullMarked;
