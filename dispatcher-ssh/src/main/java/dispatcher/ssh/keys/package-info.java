/// Files of keys, as OpenSSH has them: private keys, known_hosts, and lines of authorized_keys with their
/// options. Who is let in with them is decided elsewhere. Start with `KeyFiles`, `KnownHosts` and
/// `AuthorizedKey`.
@NullMarked
package dispatcher.ssh.keys;

import org.jspecify.annotations.NullMarked;
