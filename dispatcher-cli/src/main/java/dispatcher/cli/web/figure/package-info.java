/// The pages of figures: the timeline of machines, load and waiting by kind of build, and the costliest packages.
///
/// What is there now is in `dispatcher.cli.web.fleet`, single builds have a package of their own, and what is counted
/// is
/// in `dispatcher.cli.records`. Start with [dispatcher.cli.web.figure.FigurePages].
@NullMarked
package dispatcher.cli.web.figure;

import org.jspecify.annotations.NullMarked;
