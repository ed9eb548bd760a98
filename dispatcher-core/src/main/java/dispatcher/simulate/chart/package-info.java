/// Runs as pictures.
@NullMarked
package dispatcher.simulate.chart;

import org.jspecify.annotations.NullMarked;
