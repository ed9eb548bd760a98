/// `dispatcher spool`: shows and trims the spool, through the running dispatcher if there is one. The spool itself is
/// in `dispatcher.store.spool`. Start with [dispatcher.cli.spool.SpoolAccess].
@NullMarked
package dispatcher.cli.spool;

import org.jspecify.annotations.NullMarked;
