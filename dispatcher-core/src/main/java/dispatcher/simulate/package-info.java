/// The same scheduler, and others' to compare it with, on a virtual clock: machines, links and clients as a model in
/// which every policy meets the same builds. Pure: no I/O, no thread, no clock, and no chance but that of a seed.
@NullMarked
package dispatcher.simulate;

import org.jspecify.annotations.NullMarked;
