/// Benchmarks of code by itself, without Nix, machines or a network. Benchmarks with real Nix are scripts in
/// `it-tests/bench`. Start with `Deciding`.
@NullMarked
package dispatcher.bench;

import org.jspecify.annotations.NullMarked;
