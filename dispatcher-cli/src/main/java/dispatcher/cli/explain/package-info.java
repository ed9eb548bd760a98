/// `dispatcher explain`: which machine a build would go to, and why, for people, scripts and the API.
///
/// The decision itself is the scheduler's, in `dispatcher.schedule`. Start with
/// [dispatcher.cli.explain.ExplainEndpoint].
@NullMarked
package dispatcher.cli.explain;

import org.jspecify.annotations.NullMarked;
