/// Which builds need which, as the API has it.
///
/// How that is found out is in `dispatcher.cli.graph`. Start with [dispatcher.cli.api.graph.GraphAnswer].
@NullMarked
package dispatcher.cli.api.graph;

import org.jspecify.annotations.NullMarked;
