/// Scenarios made from a seed, or from the dependencies of a Debian archive; the same seed gives the same scenario.
/// Scenarios as text are in `simulate.trace`. Start with `Generator`.
@NullMarked
package dispatcher.simulate.generate;

import org.jspecify.annotations.NullMarked;
