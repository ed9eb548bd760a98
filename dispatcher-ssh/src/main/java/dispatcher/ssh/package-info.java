/// SSH client and server. Types of the SSH library do not leave this package.
@NullMarked
package dispatcher.ssh;

import org.jspecify.annotations.NullMarked;
