/// Events of the dispatcher: logs, metrics, pages and tests hang on one listener. What they do with an event, and
/// what the history learns from it, does not belong here. Start with `DispatcherListener`.
@NullMarked
package dispatcher.event;

import org.jspecify.annotations.NullMarked;
