/// What one client sees: the whole fleet as one store, its uploads, and the outputs that machines retain for it. How
/// a build runs does not belong here: a session passes a build's inputs to `build` and takes the outcome; what a
/// client may see is in `session.rights`. Start with `ClientConversations` and `ClientSession`.
@NullMarked
package dispatcher.session;

import org.jspecify.annotations.NullMarked;
