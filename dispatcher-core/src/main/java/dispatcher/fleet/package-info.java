/// The machines: what they are said to be, how they are reached, and why one could not be.
@NullMarked
package dispatcher.fleet;

import org.jspecify.annotations.NullMarked;
