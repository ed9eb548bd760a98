/// How commands ask a running dispatcher: one line of JSON each way, over a Unix socket in its state directory.
@NullMarked
package dispatcher.cli.control;

import org.jspecify.annotations.NullMarked;
