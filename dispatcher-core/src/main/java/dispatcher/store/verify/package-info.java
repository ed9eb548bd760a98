/// Checks what came from outside before anything relies on it: NARs against hash and content address, the outputs of
/// a build, uploads, signatures. The consequences of a false one are decided elsewhere. Start with `OutputCheck` and
/// `AddressedNar`.
@NullMarked
package dispatcher.store.verify;

import org.jspecify.annotations.NullMarked;
