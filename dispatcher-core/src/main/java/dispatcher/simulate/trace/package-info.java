/// Scenarios as text: one JSON object in each line, as `serve` records them and as a person can write them.
@NullMarked
package dispatcher.simulate.trace;

import org.jspecify.annotations.NullMarked;
