/// The life of one build: its turn among equal ones, its wait for a machine, its attempts, a second attempt beside a
/// slow one, and its end. It gets a `BuildOrder` with `BuildInputs` and returns a `BuildOutcome`; which client asked,
/// and what that client may see, does not belong here. Start with `Builds` and `BuildRun`.
@NullMarked
package dispatcher.build;

import org.jspecify.annotations.NullMarked;
