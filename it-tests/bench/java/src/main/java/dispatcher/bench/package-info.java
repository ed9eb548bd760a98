/// Benchmarks of code by itself, without Nix, machines or a network.
@NullMarked
package dispatcher.bench;

import org.jspecify.annotations.NullMarked;
