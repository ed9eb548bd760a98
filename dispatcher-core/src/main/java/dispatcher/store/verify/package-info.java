/// Checks what came from outside before anybody relies on it: NARs against hash and content address, the outputs
/// of a build, uploads, signatures. What follows from a false one is decided elsewhere. Start with `OutputCheck`
/// and `AddressedNar`.
@NullMarked
package dispatcher.store.verify;

import org.jspecify.annotations.NullMarked;
