/// `dispatcher history`: what is known of builds and machines, and forgetting it.
@NullMarked
package dispatcher.cli.history;

import org.jspecify.annotations.NullMarked;
