/// The results of a simulation in numbers, and the lower bound that no policy can beat. How a simulation runs is in
/// `dispatcher.simulate`, and pictures are in `simulate.chart`. Start with `Figures` and `LowerBound`.
@NullMarked
package dispatcher.simulate.figures;

import org.jspecify.annotations.NullMarked;
