/// Bytes on the wire: integers, strings, lists and framed streams as both Nix protocols write them, with limits on
/// all that a peer may make us allocate, and the channels that carry them. What a message means belongs to
/// `protocol`. Start with `WireReader`, `WireWriter` and `CommandChannel`.
@NullMarked
package dispatcher.wire;

import org.jspecify.annotations.NullMarked;
