/// What is simulated: machines, clients, builds and what happens to the machines. Values only.
@NullMarked
package dispatcher.simulate.model;

import org.jspecify.annotations.NullMarked;
