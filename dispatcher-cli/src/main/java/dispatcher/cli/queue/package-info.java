/// `dispatcher queue`: which builds wait for a machine, for people, scripts and the API.
///
/// Why a build waits is in `dispatcher.cli.explain`. Start with [dispatcher.cli.queue.QueueEndpoint].
@NullMarked
package dispatcher.cli.queue;

import org.jspecify.annotations.NullMarked;
