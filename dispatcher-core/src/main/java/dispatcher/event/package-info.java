/// What happens, for others to know: logs, metrics, pages and tests hang on one listener.
@NullMarked
package dispatcher.event;

import org.jspecify.annotations.NullMarked;
