/// What one client sees: the whole fleet as one store, its uploads, the outputs that machines retain for it, and
/// what it may see and do. How a build runs is no matter of this package: a session hands its inputs to `build`
/// and takes the outcome. Start with `ClientConversations` and `ClientSession`.
@NullMarked
package dispatcher.session;

import org.jspecify.annotations.NullMarked;
