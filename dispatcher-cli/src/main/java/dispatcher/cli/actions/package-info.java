/// `dispatcher cancel`, `dispatcher retry` and `dispatcher raise`: what operators do to builds that wait or run.
///
/// What happens then is in `dispatcher.build.control` and `dispatcher.schedule`. Start with
/// [dispatcher.cli.actions.BuildActions].
@NullMarked
package dispatcher.cli.actions;

import org.jspecify.annotations.NullMarked;
