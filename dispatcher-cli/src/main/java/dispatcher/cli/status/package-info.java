/// The command `status` and what answers it: what is going on, what is wrong, and what can be done about it.
///
/// Single machines and builds have commands of their own. Start with [StatusEndpoint].
@NullMarked
package dispatcher.cli.status;

import org.jspecify.annotations.NullMarked;
