/// Scenarios made from a seed, or from the dependencies of a Debian archive. The same seed gives the same scenario.
@NullMarked
package dispatcher.simulate.generate;

import org.jspecify.annotations.NullMarked;
