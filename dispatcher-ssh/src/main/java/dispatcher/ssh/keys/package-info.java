/// Files of keys, as OpenSSH has them: private keys, known_hosts, and lines of authorized_keys with their options.
/// Which key lets a client in is decided in `ssh.server`. Start with `KeyFiles`, `KnownHosts` and `AuthorizedKey`.
@NullMarked
package dispatcher.ssh.keys;

import org.jspecify.annotations.NullMarked;
