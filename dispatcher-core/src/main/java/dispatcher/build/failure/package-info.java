/// Why an attempt at a build was lost, and what follows: whether the build or the machine is to blame, and where the
/// build may still go. What happens to the machine does not belong here. Start with `AttemptLostException` and
/// `AttemptHistory`.
@NullMarked
package dispatcher.build.failure;

import org.jspecify.annotations.NullMarked;
