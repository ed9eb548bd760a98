/// The life of one build: its turn among equal ones, its wait for a machine, attempts, a second attempt beside a
/// slow one, and what it came to. It is handed a `BuildOrder` with `BuildInputs` and gives back a `BuildOutcome`;
/// which client asked, and what that may see, is no matter of this package. Start with `Builds` and `BuildRun`.
@NullMarked
package dispatcher.build;

import org.jspecify.annotations.NullMarked;
