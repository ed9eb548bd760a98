/// Keeps several connections together to one rate of bytes, shared fairly. It knows no machine and no protocol. Start
/// with `Uplink`.
@NullMarked
package dispatcher.wire.rate;

import org.jspecify.annotations.NullMarked;
