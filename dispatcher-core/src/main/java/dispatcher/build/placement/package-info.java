/// Why a build went to the machine where it is, kept as it was then: the points of that machine, the best of the
/// others, and what the rest lacked, counted by reason.
///
/// How a machine is chosen belongs to `schedule`; how an account is written down, to `record` and the program. Start
/// with [PlacementAccount].
@NullMarked
package dispatcher.build.placement;

import org.jspecify.annotations.NullMarked;
