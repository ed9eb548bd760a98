/// Graphs of what needs what: closures of store paths, orders, circles, critical paths, and what is left to do. Where
/// a path is looked up, who sends it and when a build starts does not belong here: callers hand in the edges. Start
/// with `DependencyGraph`, which has JGraphT behind it; `Dependencies` is what it shares with the arrays of
/// `CompactDependencies`.
@NullMarked
package dispatcher.graph;

import org.jspecify.annotations.NullMarked;
