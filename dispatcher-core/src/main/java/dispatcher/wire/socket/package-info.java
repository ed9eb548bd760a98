/// Unix sockets: the file, the listener, and a connection as a `CommandChannel`. What is said over a connection does
/// not belong here. Start with `UnixSocketListener`.
@NullMarked
package dispatcher.wire.socket;

import org.jspecify.annotations.NullMarked;
