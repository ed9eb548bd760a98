/// Measures records of very many builds.
///
/// Other benchmarks of code by itself are in `dispatcher.bench`. Start with `Records`.
@NullMarked
package dispatcher.bench.records;

import org.jspecify.annotations.NullMarked;
