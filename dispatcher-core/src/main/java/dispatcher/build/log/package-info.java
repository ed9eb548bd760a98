/// The log of a build on its way to clients: split into lines, bounded, buffered, sent to several at once. A slow
/// client never holds up a machine. How a protocol writes a line does not belong here. Start with `ClientLog`.
@NullMarked
package dispatcher.build.log;

import org.jspecify.annotations.NullMarked;
