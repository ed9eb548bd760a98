/// Which builds that clients asked for lately need which, for the API.
///
/// The graph of derivations that a client has is not here, as no client sends it; how builds went is in
/// `dispatcher.cli.records`. Start with [dispatcher.cli.graph.BuildGraph].
@NullMarked
package dispatcher.cli.graph;

import org.jspecify.annotations.NullMarked;
