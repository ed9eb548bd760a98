/// Why an attempt at a build came to nothing, and what follows: whether the build or the machine is to blame, and
/// where the build may still go. What happens to the machine is no matter of this package. Start with
/// `AttemptLostException` and `AttemptHistory`.
@NullMarked
package dispatcher.build.failure;

import org.jspecify.annotations.NullMarked;
