/// The pages of figures: the timeline of machines, load and waiting by kind of build, the costliest packages, and which
/// builds need which.
///
/// What is there now is in `dispatcher.cli.web.fleet`, single builds have a package of their own. What is shown comes
/// from `dispatcher.cli.records` and `dispatcher.cli.graph`. Start with [dispatcher.cli.web.figure.FigurePages].
@NullMarked
package dispatcher.cli.web.figure;

import org.jspecify.annotations.NullMarked;
