/// Simulations on a virtual clock: the dispatcher's own scheduler, and those of others to compare it with, in a model
/// of machines, links and clients where every policy meets the same builds. No I/O, thread or clock belongs here, and
/// no chance but that of a seed. Start with `Simulation`.
@NullMarked
package dispatcher.simulate;

import org.jspecify.annotations.NullMarked;
