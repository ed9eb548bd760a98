/// Keeps several connections together to one rate of bytes. Start with `Uplink`.
@NullMarked
package dispatcher.wire.rate;

import org.jspecify.annotations.NullMarked;
