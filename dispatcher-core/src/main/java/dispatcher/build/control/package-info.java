/// What operators do to builds that wait or run: cancel them, or have them begin on another machine.
///
/// What a build does then is in `dispatcher.build`. Start with [dispatcher.build.control.BuildControls].
@NullMarked
package dispatcher.build.control;

import org.jspecify.annotations.NullMarked;
