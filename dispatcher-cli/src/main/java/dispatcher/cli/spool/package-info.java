/// `dispatcher spool`: shows and trims the spool, by way of the running dispatcher if there is one.
@NullMarked
package dispatcher.cli.spool;

import org.jspecify.annotations.NullMarked;
