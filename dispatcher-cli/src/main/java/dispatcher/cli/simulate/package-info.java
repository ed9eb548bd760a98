/// `dispatcher simulate`: reads or makes a scenario, runs the policies on it, and shows the results. The simulation
/// itself is in `dispatcher.simulate`. Start with [dispatcher.cli.simulate.SimulateCommand].
@NullMarked
package dispatcher.cli.simulate;

import org.jspecify.annotations.NullMarked;
