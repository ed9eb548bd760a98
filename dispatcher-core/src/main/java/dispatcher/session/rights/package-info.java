/// What one client may see and have built: the rights of isolated clients, of clients that may only read, and of
/// those that are not trusted. Who may come in at all is a matter of `access`. Start with `Sight`.
@NullMarked
package dispatcher.session.rights;

import org.jspecify.annotations.NullMarked;
