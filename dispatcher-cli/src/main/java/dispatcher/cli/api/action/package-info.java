/// What operators do to builds, as the API has it.
///
/// What does it is in `dispatcher.cli.actions`. Start with [dispatcher.cli.api.action.BuildAction].
@NullMarked
package dispatcher.cli.api.action;

import org.jspecify.annotations.NullMarked;
