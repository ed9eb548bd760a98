/// Simulated runs as pictures. Numbers are in `simulate.figures`. Start with `Gantt`.
@NullMarked
package dispatcher.simulate.chart;

import org.jspecify.annotations.NullMarked;
