/// What a simulation comes to, in numbers, and what no policy could do better.
@NullMarked
package dispatcher.simulate.figures;

import org.jspecify.annotations.NullMarked;
