/// `dispatcher history`: shows what is known of builds and machines, and drops parts of it. What is learned, and how,
/// belongs to `dispatcher.history`. Start with [dispatcher.cli.history.HistoryEndpoints].
@NullMarked
package dispatcher.cli.history;

import org.jspecify.annotations.NullMarked;
