/// What one client may see and have built: the rights of isolated clients, of read-only clients, and of clients that
/// are not trusted. Whether a client may connect is decided in `access`. Start with `Sight`.
@NullMarked
package dispatcher.session.rights;

import org.jspecify.annotations.NullMarked;
