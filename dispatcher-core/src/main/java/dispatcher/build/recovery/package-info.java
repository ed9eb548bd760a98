/// What follows when a machine fails or refuses: it is set aside for a time, asked again, or not used for builds of
/// that
/// kind. Start with `Recovery` for failures and `Refusals` for refusals.
@NullMarked
package dispatcher.build.recovery;

import org.jspecify.annotations.NullMarked;
