/// `dispatcher top`: the fleet on the whole terminal, live.
///
/// What is shown is a pure function of what the dispatcher says and what the user has chosen ([Frame]); [TopScreen]
/// alone knows the terminal. The only package that sees JLine, so that no other command loads it. What `status` shows
/// is in `dispatcher.cli.status`. Start with [dispatcher.cli.top.Frame].
@NullMarked
package dispatcher.cli.top;

import org.jspecify.annotations.NullMarked;
