/// `dispatcher simulate`: reads or makes a scenario, runs the policies on it, shows what came out.
@NullMarked
package dispatcher.cli.simulate;

import org.jspecify.annotations.NullMarked;
