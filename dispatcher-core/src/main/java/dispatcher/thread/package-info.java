/// Small tools for threads: loops that survive an error, interruptions that arrive as I/O errors, time limits.
/// Nothing here knows Nix. Start with `SteadyThread`.
@NullMarked
package dispatcher.thread;

import org.jspecify.annotations.NullMarked;
