/// The values that a simulation is about: machines, clients, builds, and what happens to the machines. No behaviour
/// belongs here: time passes in `dispatcher.simulate`, and decisions are in `simulate.policy`. Start with `Scenario`.
@NullMarked
package dispatcher.simulate.model;

import org.jspecify.annotations.NullMarked;
