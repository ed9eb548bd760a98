/// Unix sockets: the file, who listens at it, and a connection as a `CommandChannel`. Start with
/// `UnixSocketListener`.
@NullMarked
package dispatcher.wire.socket;

import org.jspecify.annotations.NullMarked;
